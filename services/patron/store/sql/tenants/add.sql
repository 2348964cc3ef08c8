-- A new tenant. $1 name, $2 late_max, $3 early_max, $4 follows_input, $5 unknown,
-- $6 sealed key. Nothing comes back where the name is taken.
INSERT INTO tenant (name, late_max, early_max, follows_input, unknown, identifier_key)
VALUES ($1, $2, $3, $4, $5, $6)
ON CONFLICT (name) DO NOTHING
RETURNING tenant;
