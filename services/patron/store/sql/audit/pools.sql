-- What is taken for good of a program's pools. $1 program.
SELECT pool, used FROM pool WHERE program = $1;
