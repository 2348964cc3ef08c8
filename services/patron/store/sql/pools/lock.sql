-- Lock pools in order of their names, and read them. $1 tenant, $2 program, $3 pool[].
SELECT pool, used, loaded FROM pool
WHERE tenant = $1 AND program = $2 AND pool = ANY($3::text[])
ORDER BY pool FOR NO KEY UPDATE;
