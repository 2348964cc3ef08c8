-- Locks of names, to the commit; who has one alone waits for all others. 7 stands for names.
-- One element a lock, ascending, so that nobody waits in a circle: $1 slot[], $2 is_alone[].
SELECT CASE
    WHEN is_alone THEN pg_advisory_xact_lock(7, slot)
    ELSE pg_advisory_xact_lock_shared(7, slot)
END
FROM unnest($1::int[], $2::boolean[]) AS held (slot, is_alone);
