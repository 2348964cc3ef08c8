-- Lock accounts of members in ascending order, and read them. $1 program, $2 member[].
SELECT account, member, merged_into, seq, due_at, tier, balances, state, chain
FROM account WHERE program = $1 AND member = ANY($2::bigint[])
ORDER BY account FOR NO KEY UPDATE;
