-- New grants, and the new state of those that are there. One element a grant: $1 account[],
-- $2 seq[], $3 n[], $4 reward[], $5 state[], $6 unlocked_at[], $7 lapses_at[], $8 ends_at[],
-- $9 detail[], $10 request[], $11 used_on[].
INSERT INTO held (
    account, seq, n, reward, state, unlocked_at, lapses_at, ends_at, detail, request, used_on
)
SELECT
    account, seq, n, reward, state, unlocked_at, lapses_at, ends_at, detail, request, used_on
FROM unnest(
    $1::bigint[], $2::int[], $3::smallint[], $4::smallint[], $5::smallint[],
    $6::timestamptz[], $7::timestamptz[], $8::timestamptz[], $9::bytea[], $10::uuid[],
    $11::uuid[]
) AS new (
    account, seq, n, reward, state, unlocked_at, lapses_at, ends_at, detail, request, used_on
)
ON CONFLICT (account, seq, n) DO UPDATE
    SET state = excluded.state, unlocked_at = excluded.unlocked_at,
        lapses_at = excluded.lapses_at, ends_at = excluded.ends_at, detail = excluded.detail,
        request = excluded.request, used_on = excluded.used_on;
