-- Up to where the output topic has been seen. $1 shard.
SELECT topic, partition, next_offset FROM relay_position WHERE shard = $1;
