-- The reservations that hold these pools, with whose they are: an id is null once erased.
-- $1 tenant, $2 program, $3 pool[].
SELECT
    hold.pool, hold.account, account.member AS number, member.id AS member, hold.request,
    hold.amount, hold.until
FROM hold JOIN account USING (account) JOIN member ON member.member = account.member
WHERE hold.tenant = $1 AND hold.program = $2 AND hold.pool = ANY($3::text[]);
