-- Let keys be used again. $1 tenant, $2 program; one element a key: $3 rule[], $4 key[].
DELETE FROM once
USING unnest($3::smallint[], $4::uuid[]) AS freed (rule, key)
WHERE once.tenant = $1 AND once.program = $2
    AND once.rule = freed.rule AND once.key = freed.key;
