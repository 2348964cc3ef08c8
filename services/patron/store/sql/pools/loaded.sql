-- How many codes a locked pool has now. $1 tenant, $2 program, $3 pool, $4 how many.
UPDATE pool SET loaded = $4 WHERE tenant = $1 AND program = $2 AND pool = $3;
