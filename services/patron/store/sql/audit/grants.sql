-- All grants of some accounts. $1 account[].
SELECT account, seq, n, reward, state FROM held
WHERE account = ANY($1::bigint[]) ORDER BY account, seq, n;
