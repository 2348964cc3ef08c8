-- The bodies of entries. $1 account[], $2 seq[]: one element an entry.
SELECT entry.account, entry.seq, entry.kind, entry.body
FROM unnest($1::bigint[], $2::int[]) AS wanted (account, seq)
JOIN entry ON entry.account = wanted.account AND entry.seq = wanted.seq;
