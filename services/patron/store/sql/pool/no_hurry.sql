-- Let this transaction take as long as it takes.
SELECT
    set_config('statement_timeout', '0', true), set_config('transaction_timeout', '0', true),
    set_config('idle_in_transaction_session_timeout', '0', true);
