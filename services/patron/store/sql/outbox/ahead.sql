-- Notices of a shard that the topic has, and that this database does not know yet. $1 shard.
SELECT notice FROM ahead WHERE shard = $1;
