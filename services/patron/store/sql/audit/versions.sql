-- Every version of a program. $1 program.
SELECT version, document FROM program_version WHERE program = $1;
