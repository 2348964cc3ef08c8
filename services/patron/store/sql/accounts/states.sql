-- Every member with an account that is a member's own, and its state. $1 program.
SELECT member.id, account.state FROM account JOIN member USING (member)
WHERE account.program = $1 AND account.merged_into IS NULL AND member.id IS NOT NULL;
