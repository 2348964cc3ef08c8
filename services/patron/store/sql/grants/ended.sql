-- Grants that are over, of these accounts, by the reservation that they were or the order
-- that they were used on. $1 account[], $2 hash of its name[].
SELECT account, seq, n, reward, state, unlocked_at, lapses_at, ends_at, detail
FROM held
WHERE account = ANY($1::bigint[]) AND state NOT IN (0, 1)
    AND (request = ANY($2::uuid[]) OR used_on = ANY($2::uuid[]))
ORDER BY account, seq, n;
