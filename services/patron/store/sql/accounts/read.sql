-- A member's account, without a lock. $1 program, $2 member.
SELECT account, member, merged_into, seq, due_at, tier, balances, state, chain
FROM account WHERE program = $1 AND member = $2;
