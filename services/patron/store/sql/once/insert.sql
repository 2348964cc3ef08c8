-- Use keys up. $1 tenant, $2 program; one element a key, ascending: $3 rule[], $4 key[],
-- $5 account[]. Fewer rows than elements: somebody else used one first.
INSERT INTO once (tenant, program, rule, key, account)
SELECT $1, $2, rule, key, account
FROM unnest($3::smallint[], $4::uuid[], $5::bigint[]) AS used (rule, key, account)
ON CONFLICT (tenant, program, rule, key) DO NOTHING;
