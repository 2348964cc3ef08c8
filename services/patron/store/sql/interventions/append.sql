-- Write down what an operator did. $1 who, $2 what, $3 subject, $4 before, $5 after, $6 why.
INSERT INTO intervention (who, what, subject, before, after, why)
VALUES ($1, $2, $3, $4, $5, $6);
