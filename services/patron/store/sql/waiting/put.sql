-- Facts that came before what they are about. $1 tenant, $2 program; one element a fact:
-- $3 key[], $4 event[], $5 at[], $6 kind[], $7 fact[].
INSERT INTO waiting (tenant, program, key, event, at, kind, fact)
SELECT $1, $2, key, event, at, kind, fact
FROM unnest($3::uuid[], $4::uuid[], $5::timestamptz[], $6::smallint[], $7::bytea[])
    AS early (key, event, at, kind, fact);
