-- Facts that have waited long enough, taken out; what somebody holds is left for later.
-- $1 tenant, $2 program, $3 earlier than, $4 but[]: keys of what waits for no event,
-- $5 how many at most.
DELETE FROM waiting WHERE ctid = ANY(ARRAY(
    SELECT ctid FROM waiting
    WHERE tenant = $1 AND program = $2 AND at < $3 AND key <> ALL($4::uuid[])
    LIMIT $5 FOR UPDATE SKIP LOCKED
))
RETURNING key, event, at, kind, fact;
