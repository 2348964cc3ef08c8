-- Lock orders in order of their ids, and read them with whose they are.
-- $1 tenant, $2 program, $3 order_id[].
SELECT
    orders.order_id, orders.account, orders.seq, orders.version, orders.tier, orders.state,
    coalesce(heir.member, account.member), account.merged_into IS NOT NULL,
    coalesce(account.shift, 0)
FROM orders
LEFT JOIN account USING (account)
LEFT JOIN account AS heir ON heir.account = account.merged_into
WHERE orders.tenant = $1 AND orders.program = $2 AND orders.order_id = ANY($3::text[])
ORDER BY orders.order_id FOR NO KEY UPDATE OF orders;
