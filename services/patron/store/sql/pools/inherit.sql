-- Let the reservations of a closed account be its heir's. $1 tenant, $2 program, $3 account, $4 heir.
UPDATE hold SET account = $4 WHERE tenant = $1 AND program = $2 AND account = $3;
