-- Write accounts back that this transaction has locked. One element an account:
-- $1 account[], $2 seq[], $3 due_at[], $4 tier[], $5 state[], $6 chain[]; $7 all balances in
-- one array, $8 where each account's begin in it, $9 how many numbers each has.
UPDATE account
SET seq = saved.seq, due_at = saved.due_at, tier = saved.tier, state = saved.state,
    chain = saved.chain, balances = ($7::bigint[])[saved.first:saved.first + saved.numbers - 1]
FROM unnest(
    $1::bigint[], $2::int[], $3::timestamptz[], $4::smallint[], $5::bytea[], $6::uuid[],
    $8::int[], $9::int[]
) AS saved (account, seq, due_at, tier, state, chain, first, numbers)
WHERE account.account = saved.account;
