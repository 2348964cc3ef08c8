-- Numbers for names that have none yet, after the highest so far. $1 program, $2 kind, $3 name[].
INSERT INTO program_name (program, kind, number, name)
SELECT $1, $2, highest.number + row_number() OVER (ORDER BY new.place), new.name
FROM unnest($3::text[]) WITH ORDINALITY AS new (name, place)
CROSS JOIN (
    SELECT coalesce(max(number), 0) AS number FROM program_name WHERE program = $1 AND kind = $2
) AS highest
WHERE NOT EXISTS (
    SELECT FROM program_name AS known
    WHERE known.program = $1 AND known.kind = $2 AND known.name = new.name
);
