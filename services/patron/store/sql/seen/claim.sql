-- Claim names of events, each in the week of its receipt.
-- One element a name, ascending: $1 week[], $2 event[], $3 content[], $4 member[].
-- Returns the names that were new.
INSERT INTO seen (week, event, content, member)
SELECT week, event, content, member
FROM unnest($1::int[], $2::uuid[], $3::bigint[], $4::bigint[])
    AS wanted (week, event, content, member)
ON CONFLICT (week, event) DO NOTHING
RETURNING event;
