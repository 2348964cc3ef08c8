-- Up to when time may be let pass. $1 group.
-- The database's clock, held back by the input: never past what a partition with lag has
-- reached, or (for a tenant that follows its input) what any partition has reached.
SELECT
    now() AS wall,
    min(reached_at) FILTER (WHERE lagging) AS lagging,
    bool_or(lagging AND reached_at IS NULL) AS unknown,
    max(reached_at) AS reached
FROM claim WHERE grp = $1;
