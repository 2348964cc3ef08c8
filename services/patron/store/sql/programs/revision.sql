-- The clock of this transaction, and a number that grows with every tenant and version.
SELECT
    now() AS recorded_at,
    coalesce((SELECT max(version) FROM program_version), 0)
        + coalesce((SELECT max(tenant) FROM tenant), 0)::bigint * 1000000 AS revision;
