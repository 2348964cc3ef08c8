-- More names of members. $1 tenant; one element a name: $2 kind[], $3 value[], $4 member[].
-- Returns those that were free; one that is not returned was taken meanwhile.
INSERT INTO identifier (tenant, kind, value, member)
SELECT $1, kind, value, member
FROM unnest($2::text[], $3::uuid[], $4::bigint[]) AS new (kind, value, member)
ORDER BY kind, value
ON CONFLICT (tenant, kind, value) DO NOTHING
RETURNING value;
