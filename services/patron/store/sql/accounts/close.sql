-- Let an account, and all that were merged into it before, lead to its heir.
-- $1 account, $2 heir, $3 what raises its entries' numbers to the heir's.
UPDATE account SET merged_into = $2, shift = shift + $3 WHERE account = $1 OR merged_into = $1;
