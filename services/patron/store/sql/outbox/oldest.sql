-- The oldest notices of a shard, as rows that are there: a cursor would lose what commits late.
-- $1 shard, $2 how many at most.
SELECT id, notice, body, is_letter FROM outbox WHERE shard = $1 ORDER BY id LIMIT $2;
