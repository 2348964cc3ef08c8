-- What waits for these keys, locked. $1 tenant, $2 program, $3 key[].
SELECT key, event, at, kind, fact FROM waiting
WHERE tenant = $1 AND program = $2 AND key = ANY($3::uuid[])
ORDER BY key, event FOR UPDATE;
