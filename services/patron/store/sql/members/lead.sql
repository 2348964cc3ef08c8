-- Let every name of a member lead to another. $1 tenant, $2 member, $3 heir.
UPDATE identifier SET member = $3 WHERE tenant = $1 AND member = $2;
