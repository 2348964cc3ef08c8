-- Every notice that waits, of all shards.
SELECT notice FROM outbox;
