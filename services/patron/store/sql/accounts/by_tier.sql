-- How many members are in each tier. $1 program.
SELECT tier, count(*) AS members FROM account WHERE program = $1 GROUP BY tier;
