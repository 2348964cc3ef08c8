-- Lock accounts whose time has come, passing over those that somebody holds.
-- $1 program, $2 until, $3 how many at most.
SELECT account, member, merged_into, seq, due_at, tier, balances, state, chain
FROM account WHERE due_at <= $2 AND due_at < '9999-01-01 00:00:00+00' AND program = $1
ORDER BY due_at LIMIT $3 FOR NO KEY UPDATE SKIP LOCKED;
