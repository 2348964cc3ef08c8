-- Pools of a program, made when it is published. $1 tenant, $2 program, $3 pool[].
INSERT INTO pool (tenant, program, pool)
SELECT $1, $2, pool FROM unnest($3::text[]) AS named (pool)
ON CONFLICT (tenant, program, pool) DO NOTHING;
