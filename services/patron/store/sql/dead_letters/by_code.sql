-- How many open dead letters there are, by code.
SELECT code, count(*) AS letters FROM dead_letter WHERE state = 'open' GROUP BY code ORDER BY code;
