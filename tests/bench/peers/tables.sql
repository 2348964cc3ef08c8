-- What the job needs by itself: no entries, lots, proofs or chain, and one balance a member.
CREATE TABLE member (
    member text PRIMARY KEY, balance bigint NOT NULL, spent_minor bigint NOT NULL
) WITH (fillfactor = 70);
CREATE TABLE ledger (
    event uuid PRIMARY KEY, member text NOT NULL, points int NOT NULL, balance bigint NOT NULL,
    at timestamptz NOT NULL
);
CREATE TABLE outbox (
    partition int, place bigint, member text NOT NULL, body bytea NOT NULL,
    PRIMARY KEY (partition, place)
);
CREATE TABLE input (partition int PRIMARY KEY, next_offset bigint NOT NULL);
