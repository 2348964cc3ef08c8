-- What is taken of a program's pools, for a report. $1 tenant, $2 program.
SELECT
    pool.pool, pool.used,
    coalesce((
        SELECT sum(hold.amount) FROM hold
        WHERE hold.tenant = pool.tenant AND hold.program = pool.program AND hold.pool = pool.pool
    ), 0)::bigint AS held,
    pool.loaded
FROM pool WHERE pool.tenant = $1 AND pool.program = $2 ORDER BY pool.pool;
