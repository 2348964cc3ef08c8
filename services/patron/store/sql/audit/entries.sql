-- All entries of some accounts, in order. $1 account[].
SELECT account, seq, at, recorded_at, event, kind, version, body, hash
FROM entry WHERE account = ANY($1::bigint[]) ORDER BY account, seq;
