-- The member with the most entries. $1 program.
SELECT account.member, member.id FROM account JOIN member USING (member)
WHERE account.program = $1 ORDER BY account.seq DESC, account.account LIMIT 1;
