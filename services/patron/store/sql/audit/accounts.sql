-- A page of a program's accounts. $1 program, $2 the last account of the page before, $3 how many.
SELECT
    account.account, member.id AS member, account.seq, account.tier, account.balances,
    account.chain
FROM account LEFT JOIN member USING (member)
WHERE account.program = $1 AND account.account > $2
ORDER BY account.account LIMIT $3;
