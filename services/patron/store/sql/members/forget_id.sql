-- Let a member's id go, and those of all that were merged into it. $1 member.
UPDATE member SET id = NULL WHERE member = $1 OR member IN (
    SELECT closed.member FROM account JOIN account AS closed ON closed.merged_into = account.account
    WHERE account.member = $1
);
