-- Make the accounts that members do not have yet. $1 tenant, $2 program, $3 member[] ascending.
INSERT INTO account (tenant, program, member, due_at)
SELECT $1, $2, member, '9999-01-01 00:00:00+00' FROM unnest($3::bigint[]) AS wanted (member)
WHERE NOT EXISTS (
    SELECT FROM account WHERE account.program = $2 AND account.member = wanted.member
)
ORDER BY member
ON CONFLICT (member, program) DO NOTHING;
