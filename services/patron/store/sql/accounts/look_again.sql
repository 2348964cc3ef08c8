-- Let a program's next accounts be due at an instant at the latest, locked ascending as always;
-- gives the last of them. $1 a version of it, $2 since, $3 after which account, $4 how many at most.
WITH next AS MATERIALIZED (
    SELECT account FROM account
    WHERE program = (SELECT program FROM program_version WHERE version = $1) AND account > $3
    ORDER BY account LIMIT $4 FOR NO KEY UPDATE
), changed AS (
    UPDATE account SET due_at = $2 FROM next
    WHERE account.account = next.account AND account.due_at > $2 AND account.merged_into IS NULL
)
SELECT max(account) FROM next;
