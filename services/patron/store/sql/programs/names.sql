-- The numbers of a program's names. $1 program.
SELECT kind, number, name FROM program_name WHERE program = $1;
