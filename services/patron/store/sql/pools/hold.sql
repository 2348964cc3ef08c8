-- Reservations of locked pools. $1 tenant, $2 program; one element a reservation:
-- $3 pool[], $4 account[], $5 request[], $6 amount[], $7 until[].
INSERT INTO hold (tenant, program, pool, account, request, amount, until)
SELECT $1, $2, pool, account, request, amount, until
FROM unnest($3::text[], $4::bigint[], $5::text[], $6::bigint[], $7::timestamptz[])
    AS new (pool, account, request, amount, until);
