-- Orders that this transaction has locked. $1 tenant, $2 program; one element an order:
-- $3 order_id[], $4 account[], $5 seq[], $6 version[], $7 tier[], $8 state[].
UPDATE orders
SET account = new.account, seq = new.seq, version = new.version, tier = new.tier,
    state = new.state
FROM unnest(
    $3::text[], $4::bigint[], $5::int[], $6::int[], $7::smallint[], $8::bytea[]
) AS new (order_id, account, seq, version, tier, state)
WHERE orders.tenant = $1 AND orders.program = $2 AND orders.order_id = new.order_id;
