-- Which codes are loaded already. $1 program, $2 pool, $3 digest[].
SELECT digest FROM code WHERE program = $1 AND pool = $2 AND digest = ANY($3::uuid[]);
