-- New members. $1 tenant, $2 id[]. Returns their numbers.
INSERT INTO member (tenant, id) SELECT $1, id FROM unnest($2::text[]) AS new (id)
RETURNING member, id;
