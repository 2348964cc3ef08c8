-- What happened to an asset over all members of a program. $1 program, $2 asset.
-- Points that only changed their compartment were neither issued nor taken.
WITH of_program AS (
    SELECT account FROM account WHERE program = $1
),

credits AS (
    SELECT coalesce(sum(amount), 0) AS amount FROM lot JOIN of_program USING (account)
    WHERE asset = $2
),

debits AS (
    SELECT
        coalesce(sum(amount) FILTER (WHERE to_account IN (3, 4, 5)), 0) AS inside,
        coalesce(sum(amount) FILTER (WHERE to_account = 0), 0) AS taken_back,
        coalesce(sum(amount) FILTER (WHERE to_account = 1), 0) AS spent,
        coalesce(sum(amount) FILTER (WHERE to_account = 2), 0) AS expired
    FROM take JOIN of_program USING (account) WHERE asset = $2
)

SELECT
    (credits.amount - debits.inside)::bigint AS issued, debits.taken_back::bigint,
    debits.spent::bigint, debits.expired::bigint
FROM credits, debits;
