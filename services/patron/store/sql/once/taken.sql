-- Which keys were used. $1 tenant, $2 program; one element a key: $3 rule[], $4 key[].
SELECT rule, key FROM once
JOIN unnest($3::smallint[], $4::uuid[]) AS wanted (rule, key) USING (rule, key)
WHERE once.tenant = $1 AND once.program = $2;
