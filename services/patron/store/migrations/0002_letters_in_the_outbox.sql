-- A dead letter may be copied to a topic; its copy leaves by the outbox, as notices do.
-- The column has a constant default, so no row is rewritten and no worker waits.

ALTER TABLE outbox ADD COLUMN is_letter boolean NOT NULL DEFAULT false;
COMMENT ON COLUMN outbox.is_letter IS
    'The body is sealed: a dead letter''s copy holds what a record said.';
