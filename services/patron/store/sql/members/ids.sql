-- The opaque ids of members. $1 member[].
SELECT member, id FROM member WHERE member = ANY($1::bigint[]);
