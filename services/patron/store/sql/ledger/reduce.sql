-- Take from lots. One element a lot: its key in $1 account[], $2 asset[], $3 compartment[],
-- $4 expires_at[], $5 earned_at[], $6 seq[], $7 n[]; $8 how much[].
UPDATE lot SET remaining = lot.remaining - taken.amount
FROM unnest(
    $1::bigint[], $2::smallint[], $3::smallint[], $4::timestamptz[], $5::timestamptz[],
    $6::int[], $7::smallint[], $8::bigint[]
) AS taken (account, asset, compartment, expires_at, earned_at, seq, n, amount)
WHERE lot.account = taken.account AND lot.asset = taken.asset
    AND lot.compartment = taken.compartment AND lot.expires_at = taken.expires_at
    AND lot.earned_at = taken.earned_at AND lot.seq = taken.seq AND lot.n = taken.n;
