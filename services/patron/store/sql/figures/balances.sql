-- What members have of an asset. $1 program, $2 where its four numbers begin.
SELECT
    count(*) AS members, coalesce(sum(balances[$2]), 0)::bigint AS available,
    coalesce(sum(balances[$2 + 1]), 0)::bigint AS pending,
    coalesce(sum(balances[$2 + 3]), 0)::bigint AS debt
FROM account WHERE program = $1 AND seq > 0 AND member > 0;
