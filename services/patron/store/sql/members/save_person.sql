-- Keep a member's personal data, sealed. $1 member, $2 data_key, $3 ciphertext.
INSERT INTO person (member, data_key, ciphertext) VALUES ($1, $2, $3)
ON CONFLICT (member) DO UPDATE SET data_key = excluded.data_key, ciphertext = excluded.ciphertext;
