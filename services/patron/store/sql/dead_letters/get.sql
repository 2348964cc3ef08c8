-- One dead letter, locked. $1 id.
SELECT id, topic, partition, record_offset, record_at, code, detail, sealed, state, tries
FROM dead_letter WHERE id = $1 FOR UPDATE;
