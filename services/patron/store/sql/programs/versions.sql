-- Every version of a tenant's programs. $1 tenant.
SELECT
    program_version.program, program.name, program_version.version, program_version.hash,
    program_version.document, program_version.in_force_from
FROM program_version JOIN program USING (program)
WHERE program.tenant = $1 ORDER BY program_version.program, program_version.version;
