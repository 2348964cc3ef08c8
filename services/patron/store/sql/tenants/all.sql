-- Every tenant.
SELECT tenant, name, late_max, early_max, follows_input, identifier_key FROM tenant ORDER BY tenant;
