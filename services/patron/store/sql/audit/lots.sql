-- All lots of some accounts, spent ones too, as their entries opened them. $1 account[].
SELECT
    account, asset, compartment, expires_at, earned_at, seq, n, amount, remaining, rule, origin,
    activates_at
FROM lot WHERE account = ANY($1::bigint[]) ORDER BY account, seq, n;
