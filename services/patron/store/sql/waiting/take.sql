-- Facts whose turn it is, taken out; what somebody holds is left for later.
-- $1 tenant, $2 program, $3 key, $4 no later than, or null, $5 how many at most.
-- By place, not by a join: a table that a closing has just filled has no statistics yet.
DELETE FROM waiting WHERE ctid = ANY(ARRAY(
    SELECT ctid FROM waiting
    WHERE tenant = $1 AND program = $2 AND key = $3 AND ($4::timestamptz IS NULL OR at <= $4)
    ORDER BY event LIMIT $5 FOR UPDATE SKIP LOCKED
))
RETURNING key, event, at, kind, fact;
