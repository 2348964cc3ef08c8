-- The newest dead letters in a state. $1 state, $2 how many at most.
SELECT id, received_at, topic, partition, record_offset, record_at, code, detail, state, tries
FROM dead_letter WHERE state = $1 ORDER BY id DESC LIMIT $2;
