-- Every notice that waits, of all shards; copies of dead letters are none.
SELECT notice FROM outbox WHERE NOT is_letter;
