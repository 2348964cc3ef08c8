-- Open lots in the order of spending. $1 account[].
SELECT
    account, asset, compartment, expires_at, earned_at, seq, n, amount, remaining, rule, origin,
    activates_at
FROM lot WHERE account = ANY($1::bigint[]) AND remaining > 0
ORDER BY account, asset, compartment, expires_at, earned_at, seq, n;
