-- All entries of an account, in order. $1 account.
SELECT account, seq, at, recorded_at, event, kind, version, body, hash
FROM entry WHERE account = $1 ORDER BY seq;
