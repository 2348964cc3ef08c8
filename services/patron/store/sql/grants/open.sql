-- Grants that are unlocked or reserved. $1 account[].
SELECT account, seq, n, reward, state, unlocked_at, lapses_at, ends_at, detail
FROM held WHERE account = ANY($1::bigint[]) AND state IN (0, 1) ORDER BY account, seq, n;
