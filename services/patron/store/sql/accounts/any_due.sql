-- Whether any account's time has come. $1 until.
SELECT EXISTS (
    SELECT FROM account WHERE due_at <= $1 AND due_at < '9999-01-01 00:00:00+00'
);
