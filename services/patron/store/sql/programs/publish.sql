-- One more version. $1 program, $2 hash, $3 document, $4 in_force_from.
INSERT INTO program_version (program, hash, document, in_force_from) VALUES ($1, $2, $3, $4)
ON CONFLICT (program, hash, in_force_from) DO UPDATE SET hash = excluded.hash
RETURNING version;
