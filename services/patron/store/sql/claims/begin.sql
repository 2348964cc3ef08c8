-- Write down where a partition that was never read begins.
-- $1 group, $2 topic, $3 partition, $4 epoch, $5 offset.
UPDATE claim SET next_offset = $5, updated_at = now()
WHERE grp = $1 AND topic = $2 AND partition = $3 AND epoch = $4 AND next_offset IS NULL;
