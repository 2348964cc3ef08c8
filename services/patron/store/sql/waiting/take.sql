-- What waited for these keys, taken away. $1 tenant, $2 program, $3 key[].
DELETE FROM waiting WHERE tenant = $1 AND program = $2 AND key = ANY($3::uuid[])
RETURNING key, event, at, kind, fact;
