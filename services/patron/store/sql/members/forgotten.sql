-- Whose names were an erased member's: the hashes of that one's ids. $1 tenant, $2 member[].
SELECT mine.member, theirs.value
FROM identifier AS mine
JOIN forgotten USING (tenant, kind, value)
JOIN identifier AS theirs ON theirs.member = forgotten.member AND theirs.kind = 'id'
WHERE mine.tenant = $1 AND mine.member = ANY($2::bigint[]);
