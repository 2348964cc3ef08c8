-- Every open dead letter with one code. $1 code.
SELECT id FROM dead_letter WHERE code = $1 AND state = 'open' ORDER BY id;
