-- Destroy the key to a member's personal data, and of all that were merged into it. $1 member.
DELETE FROM person WHERE member = $1 OR member IN (
    SELECT closed.member FROM account JOIN account AS closed ON closed.merged_into = account.account
    WHERE account.member = $1
);
