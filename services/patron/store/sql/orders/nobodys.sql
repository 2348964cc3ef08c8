-- Orders that are nobody's. $1 tenant, $2 program, $3 order_id[], $4 the state of such a one.
SELECT order_id FROM orders
WHERE tenant = $1 AND program = $2 AND order_id = ANY($3::text[])
    AND account IS NULL AND state = $4;
