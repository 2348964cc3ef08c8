-- A program's number, made where it is missing. $1 tenant, $2 name.
INSERT INTO program (tenant, name) VALUES ($1, $2)
ON CONFLICT (tenant, name) DO UPDATE SET name = excluded.name
RETURNING program;
