-- Every program, with how many accounts it has. $1 tenant's name, or null for all.
SELECT
    program.program, program.name, tenant.name AS tenant,
    (SELECT count(*) FROM account WHERE account.program = program.program) AS accounts
FROM program JOIN tenant USING (tenant)
WHERE $1::text IS NULL OR tenant.name = $1
ORDER BY program.program;
