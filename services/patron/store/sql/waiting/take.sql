-- Facts whose turn it is, taken out; what somebody holds is left for later.
-- $1 tenant, $2 program, $3 key, $4 no later than, or null, $5 how many at most.
WITH turn AS (
    SELECT event FROM waiting
    WHERE tenant = $1 AND program = $2 AND key = $3 AND ($4::timestamptz IS NULL OR at <= $4)
    ORDER BY event LIMIT $5 FOR UPDATE SKIP LOCKED
)

DELETE FROM waiting USING turn
WHERE waiting.tenant = $1 AND waiting.program = $2 AND waiting.key = $3
    AND waiting.event = turn.event
RETURNING waiting.key, waiting.event, waiting.at, waiting.kind, waiting.fact;
