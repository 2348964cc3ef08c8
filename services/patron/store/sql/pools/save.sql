-- What is taken for good of pools that this transaction has locked. $1 tenant, $2 program;
-- one element a pool: $3 pool[], $4 used[].
UPDATE pool SET used = new.used
FROM unnest($3::text[], $4::bigint[]) AS new (pool, used)
WHERE pool.tenant = $1 AND pool.program = $2 AND pool.pool = new.pool;
