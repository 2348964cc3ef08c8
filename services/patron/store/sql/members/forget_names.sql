-- Let a member's names go; hashes of them stay apart, for what is paid once. $1 tenant, $2 member.
WITH gone AS (
    DELETE FROM identifier WHERE tenant = $1 AND member = $2 AND kind <> 'id' RETURNING kind, value
)
INSERT INTO forgotten (tenant, kind, value, member) SELECT $1, kind, value, $2 FROM gone;
