-- How many members are in each tier. $1 program.
SELECT tier, count(*) AS members FROM account WHERE program = $1 AND member > 0 GROUP BY tier;
