-- Every tenant.
SELECT tenant, name, late_max, early_max, follows_input, unknown, identifier_key
FROM tenant ORDER BY tenant;
