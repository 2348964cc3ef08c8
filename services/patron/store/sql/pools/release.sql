-- Reservations that hold locked pools no more. $1 tenant, $2 program; one element each:
-- $3 pool[], $4 account[], $5 request[].
DELETE FROM hold
USING unnest($3::text[], $4::bigint[], $5::text[]) AS gone (pool, account, request)
WHERE hold.tenant = $1 AND hold.program = $2 AND hold.pool = gone.pool
    AND hold.account = gone.account AND hold.request = gone.request;
