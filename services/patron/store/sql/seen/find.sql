-- What names were claimed in the weeks in which they can have been.
-- $1 week[], $2 event[]: every pair that may be there.
SELECT event, content FROM seen
WHERE week = ANY($1::int[]) AND event = ANY($2::uuid[]);
