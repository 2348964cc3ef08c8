-- Codes by their numbers. $1 program; one element a code: $2 pool[], $3 number[].
SELECT pool, number, sealed FROM code
JOIN unnest($2::text[], $3::int[]) AS wanted (pool, number) USING (pool, number)
WHERE code.program = $1;
