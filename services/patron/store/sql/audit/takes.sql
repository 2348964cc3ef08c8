-- All takes of some accounts, in order. $1 account[].
SELECT account, seq, n, asset, compartment, amount, to_account, lot_seq, lot_n
FROM take WHERE account = ANY($1::bigint[]) ORDER BY account, seq, n;
