-- A member's personal data, sealed. $1 member.
SELECT data_key, ciphertext FROM person WHERE member = $1;
