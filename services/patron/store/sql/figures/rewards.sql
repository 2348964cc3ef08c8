-- What became of a program's grants. $1 program.
SELECT
    held.reward, count(*) AS granted, count(*) FILTER (WHERE held.state = 2) AS claimed,
    count(*) FILTER (WHERE held.state = 4) AS lapsed
FROM held JOIN account USING (account) WHERE account.program = $1
GROUP BY held.reward ORDER BY held.reward;
