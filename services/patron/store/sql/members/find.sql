-- Who is meant. One element a name: $2 kind[], $3 value[]. $1 tenant.
-- Returns only the names that lead somewhere.
SELECT wanted.place, identifier.member, member.id
FROM unnest($2::text[], $3::uuid[]) WITH ORDINALITY AS wanted (kind, value, place)
JOIN identifier ON
    identifier.tenant = $1 AND identifier.kind = wanted.kind AND identifier.value = wanted.value
JOIN member ON member.member = identifier.member;
