-- What waited for these keys waits no more. $1 tenant, $2 program, $3 key[].
DELETE FROM waiting WHERE tenant = $1 AND program = $2 AND key = ANY($3::uuid[]);
