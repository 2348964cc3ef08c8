-- The tables of a loyalty engine. Each further row or index on the path of a purchase
-- costs 1-2.5 microseconds, so the hot tables have no foreign key, trigger, jsonb or text
-- key but the order's own id; the auditor checks what a foreign key would.
--
-- A purchase writes five rows: seen, orders, entry, lot, and the account (one HOT update).

-- Whose members these are.
CREATE TABLE tenant (
    tenant smallint PRIMARY KEY GENERATED ALWAYS AS IDENTITY,
    name text NOT NULL UNIQUE,
    late_max interval,  -- Null: events may be as late as they like (history, imports).
    early_max interval NOT NULL,
    follows_input boolean NOT NULL,  -- Its clock is its input's, not the database's.
    unknown text NOT NULL,  -- What becomes of an event whose identifier leads to nobody.
    identifier_key bytea NOT NULL,  -- Sealed; what its members' identifiers are hashed with.
    CONSTRAINT tenant_unknown CHECK (unknown IN ('open', 'wait', 'anonymous'))
);

CREATE TABLE program (
    program int PRIMARY KEY GENERATED ALWAYS AS IDENTITY,
    tenant smallint NOT NULL REFERENCES tenant,
    name text NOT NULL,
    UNIQUE (tenant, name)
);

-- Kept for ever: what a published program gives never changes.
CREATE TABLE program_version (
    version int PRIMARY KEY GENERATED ALWAYS AS IDENTITY,
    program int NOT NULL REFERENCES program,
    hash text NOT NULL,
    document text NOT NULL,
    in_force_from timestamptz NOT NULL,
    published_at timestamptz NOT NULL DEFAULT now(),
    UNIQUE (program, hash, in_force_from)
);

-- Names that a program's rows keep as numbers. Added to, never changed.
CREATE TABLE program_name (
    program int NOT NULL REFERENCES program,
    kind text NOT NULL,
    number smallint NOT NULL,
    name text NOT NULL,
    PRIMARY KEY (program, kind, number),
    UNIQUE (program, kind, name),
    CONSTRAINT program_name_kind CHECK (kind IN ('asset', 'rule', 'tier', 'reward')),
    CONSTRAINT program_name_counts_from_one CHECK (number > 0)
);

-- A person as the shop names them. Cold: read once for each member in a worker.
CREATE TABLE member (
    member bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY,
    tenant smallint NOT NULL,
    id text  -- Null once erased.
);

-- Every name that leads to a member. Kind 0 is the opaque id itself.
CREATE TABLE identifier (
    tenant smallint NOT NULL,
    kind text NOT NULL,
    value uuid NOT NULL,  -- A hash, keyed but for the opaque id: no personal data is here.
    member bigint NOT NULL,
    PRIMARY KEY (tenant, kind, value)
);

-- For what moves or ends all names of a member.
CREATE INDEX identifier_member ON identifier (member);

-- Names of members who were erased, so that what is paid once is not paid again to who comes back.
CREATE TABLE forgotten (
    tenant smallint NOT NULL,
    kind text NOT NULL,
    value uuid NOT NULL,  -- A keyed hash.
    member bigint NOT NULL,
    PRIMARY KEY (tenant, kind, value, member)
);

-- Personal data, apart from the ledger: destroy the key and it is gone.
CREATE TABLE person (
    member bigint PRIMARY KEY,
    data_key bytea NOT NULL,  -- Of this person alone, sealed by the master key.
    ciphertext bytea NOT NULL
);

-- One member in one program. Nearly every update leaves the indexed columns alone, so
-- that it is a HOT one: `due_at` moves only when something ends earlier than all else.
CREATE TABLE account (
    account bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY,
    tenant smallint NOT NULL,
    program int NOT NULL,
    member bigint NOT NULL,
    merged_into bigint,  -- Closed; whose all of it is now. Never an account that is closed itself.
    shift int NOT NULL DEFAULT 0,  -- Of a closed one: raises its entries' numbers to the heir's.
    seq int NOT NULL DEFAULT 0,
    due_at timestamptz NOT NULL,  -- Never later than the next instant at which time acts.
    tier smallint NOT NULL DEFAULT 0,
    balances bigint[] NOT NULL DEFAULT '{}',  -- By asset: available, pending, reserved, debt.
    state bytea NOT NULL DEFAULT '',
    chain uuid NOT NULL DEFAULT '00000000-0000-0000-0000-000000000000',  -- Its last entry's.
    CONSTRAINT account_one_a_member UNIQUE (member, program),
    CONSTRAINT account_balances_not_negative CHECK (0 <= ALL (balances)),
    -- 1 kB as a rule; a rolling meter keeps a number for each day of its window.
    CONSTRAINT account_state_is_small CHECK (octet_length(state) <= 32768)
) WITH (fillfactor = 70);

CREATE INDEX account_due_at ON account (due_at) WHERE due_at < '9999-01-01 00:00:00+00';

-- For merges alone: no update of a purchase touches it.
CREATE INDEX account_merged_into ON account (merged_into) WHERE merged_into IS NOT NULL;

-- All that one fact does to one account. Rows are added and never changed.
CREATE TABLE entry (
    account bigint NOT NULL,
    seq int NOT NULL,
    at timestamptz NOT NULL,  -- When it counts.
    recorded_at timestamptz NOT NULL,  -- When it was written.
    event uuid NOT NULL,  -- The hash of the fact's name.
    kind smallint NOT NULL,
    version int NOT NULL,
    body bytea NOT NULL,  -- The fact, and what the decision read from outside the account.
    hash uuid NOT NULL,
    PRIMARY KEY (account, seq, recorded_at),
    CONSTRAINT entry_counts_from_one CHECK (seq > 0)
) PARTITION BY RANGE (recorded_at);

-- Points with one expiry. Of a row only `remaining` ever changes. The key is the order
-- of spending, and starts with the account, so that inserts of a batch lie together.
CREATE TABLE lot (
    account bigint NOT NULL,
    asset smallint NOT NULL,
    compartment smallint NOT NULL,  -- 0 available, 1 pending, 2 reserved.
    expires_at timestamptz NOT NULL,  -- 9999-01-01: never.
    earned_at timestamptz NOT NULL,
    seq int NOT NULL,
    n smallint NOT NULL,
    amount bigint NOT NULL,
    remaining bigint NOT NULL,
    rule smallint NOT NULL,
    origin int NOT NULL,  -- The entry that earned it: moves between compartments keep it.
    activates_at timestamptz,  -- When a pending one becomes available.
    PRIMARY KEY (account, asset, compartment, expires_at, earned_at, seq, n),
    CONSTRAINT lot_never_over_used CHECK (remaining BETWEEN 0 AND amount),
    CONSTRAINT lot_holds_something CHECK (amount > 0),
    CONSTRAINT lot_pending_activates CHECK ((compartment = 1) = (activates_at IS NOT NULL))
) PARTITION BY RANGE (expires_at);

-- What a debit takes from a lot. Without a lot, it is debt that grows.
CREATE TABLE take (
    account bigint NOT NULL,
    seq int NOT NULL,
    n smallint NOT NULL,
    asset smallint NOT NULL,
    compartment smallint NOT NULL,
    amount bigint NOT NULL,
    to_account smallint NOT NULL,
    lot_seq int,
    lot_n smallint,
    PRIMARY KEY (account, seq, n),
    CONSTRAINT take_moves_forward CHECK (amount > 0)
);

-- An order as a level: what it was given so far. Its lines are in its entry's body.
CREATE TABLE orders (
    tenant smallint NOT NULL,
    program int NOT NULL,
    order_id text COLLATE "C" NOT NULL,
    account bigint,  -- Null: only a refund came yet, and waits.
    seq int NOT NULL DEFAULT 0,
    version int NOT NULL DEFAULT 0,
    tier smallint NOT NULL DEFAULT 0,
    state bytea NOT NULL DEFAULT '',
    PRIMARY KEY (tenant, program, order_id)
) WITH (fillfactor = 90);

-- Names of events, by week of receipt: this is what makes an event count once.
CREATE TABLE seen (
    week int NOT NULL,
    event uuid NOT NULL,
    content bigint NOT NULL,
    member bigint,
    PRIMARY KEY (week, event)
) PARTITION BY LIST (week);

-- What a rule pays once, kept for ever.
CREATE TABLE once (
    tenant smallint NOT NULL,
    program int NOT NULL,
    rule smallint NOT NULL,
    key uuid NOT NULL,
    account bigint NOT NULL,
    PRIMARY KEY (tenant, program, rule, key)
);

-- Rewards that members hold, held or have used.
CREATE TABLE held (
    account bigint NOT NULL,
    seq int NOT NULL,
    n smallint NOT NULL,
    reward smallint NOT NULL,
    state smallint NOT NULL,
    unlocked_at timestamptz NOT NULL,
    lapses_at timestamptz NOT NULL,
    ends_at timestamptz NOT NULL,  -- When its reservation lapses.
    detail bytea NOT NULL,  -- The order, the request, the punches that it used up.
    request uuid,  -- The hash of the request that reserved or claimed it,
    used_on uuid,  -- and of the order that it was claimed for: both ask for it when it is over.
    PRIMARY KEY (account, seq, n)
);

-- What members share, locked in order of its names after the accounts and held to the
-- commit. Its limit is the program's, and may be another from one version to the next.
CREATE TABLE pool (
    tenant smallint NOT NULL,
    program int NOT NULL,
    pool text COLLATE "C" NOT NULL,
    used bigint NOT NULL DEFAULT 0,  -- For good: what reservations hold comes on top.
    loaded int NOT NULL DEFAULT 0,  -- Of codes: how many there are.
    PRIMARY KEY (tenant, program, pool),
    CONSTRAINT pool_gives_no_more_back_than_it_gave CHECK (used >= 0)
);

-- Codes of a pool, drawn in the order of their numbers, each once.
CREATE TABLE code (
    program int NOT NULL,
    pool text COLLATE "C" NOT NULL,
    number int NOT NULL,
    digest uuid NOT NULL,  -- A keyed hash, so that none is loaded twice.
    sealed bytea NOT NULL,
    PRIMARY KEY (program, pool, number),
    CONSTRAINT code_loaded_once UNIQUE (program, pool, digest)
);

-- Reservations that hold a part of a pool until they lapse. Whoever locks the pool next
-- takes back what has lapsed by then.
CREATE TABLE hold (
    tenant smallint NOT NULL,
    program int NOT NULL,
    pool text COLLATE "C" NOT NULL,
    account bigint NOT NULL,
    request text NOT NULL,
    amount bigint NOT NULL,
    until timestamptz NOT NULL,
    PRIMARY KEY (tenant, program, pool, account, request)
);

-- Facts that came before what they are about.
CREATE TABLE waiting (
    tenant smallint NOT NULL,
    program int NOT NULL,
    key uuid NOT NULL,  -- What they wait for.
    event uuid NOT NULL,
    at timestamptz NOT NULL,
    kind smallint NOT NULL,
    fact bytea NOT NULL,
    PRIMARY KEY (tenant, program, key, event)
);

-- Notices that are committed and not published. Empty when all is well.
CREATE TABLE outbox (
    shard smallint NOT NULL,
    id bigint GENERATED ALWAYS AS IDENTITY,
    notice uuid NOT NULL,
    body bytea NOT NULL,
    PRIMARY KEY (shard, id)
) WITH (autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 5000);

-- Notices that the topic has and this database does not: it lost its last commits to a
-- failover. It will make them again, by the same ids, and they are not sent again.
CREATE TABLE ahead (
    shard smallint NOT NULL,
    notice uuid NOT NULL,
    PRIMARY KEY (shard, notice)
);

-- Up to where on the output topic all that left the outbox has been seen.
CREATE TABLE relay_position (
    shard smallint NOT NULL,
    topic text NOT NULL,
    partition int NOT NULL,
    next_offset bigint NOT NULL,
    PRIMARY KEY (shard, topic, partition)
);

-- Where we are in the input: the offsets are here, with what they led to.
CREATE TABLE claim (
    grp text NOT NULL,
    topic text NOT NULL,
    partition int NOT NULL,
    epoch int NOT NULL DEFAULT 0,  -- Whoever claims raises it; an older owner is fenced.
    owner text NOT NULL DEFAULT '',
    next_offset bigint,  -- Null: claimed, and not begun.
    last_hash bytea,  -- Of the last record applied: tells this log from a recreated one.
    reached_at timestamptz,  -- The latest event time applied.
    lagging boolean NOT NULL DEFAULT false,
    crash_tries smallint NOT NULL DEFAULT 0,  -- Attempts at what comes next that nobody survived.
    stopped text,  -- Why it waits for an operator; null: it is read on.
    stopped_detail text,
    updated_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (grp, topic, partition)
) WITH (fillfactor = 50);

-- What operators did by hand, and why. Rows are added and never changed.
CREATE TABLE intervention (
    id bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY,
    at timestamptz NOT NULL DEFAULT now(),
    who text NOT NULL,
    what text NOT NULL,
    subject text NOT NULL,
    before text NOT NULL,
    after text NOT NULL,
    why text NOT NULL
);

-- Where poison waits: the bytes as they came, sealed, since they may hold personal data.
CREATE TABLE dead_letter (
    id bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY,
    received_at timestamptz NOT NULL DEFAULT now(),
    topic text NOT NULL,
    partition int NOT NULL,
    record_offset bigint NOT NULL,
    record_at timestamptz NOT NULL,
    code text NOT NULL,
    detail text NOT NULL,
    sealed bytea NOT NULL,  -- Key, value and headers.
    state text NOT NULL DEFAULT 'open',
    tries smallint NOT NULL DEFAULT 0,
    CONSTRAINT dead_letter_state CHECK (state IN ('open', 'replayed', 'dropped'))
);

CREATE INDEX dead_letter_open ON dead_letter (id) WHERE state = 'open';
