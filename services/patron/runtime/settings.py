"""Settings: environment variables, `PATRON_<PART>__<NAME>`. Nothing else configures a process.

A secret may lie in a file: `PATRON_DATABASE__DSN_FILE` names it. A variable that starts
with PATRON_ and that nobody knows stops the start, since a typo that is ignored is a
setting that does not act.
"""

import base64
import binascii
import os
from collections.abc import Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    SecretStr,
    ValidationError,
    model_validator,
)

from patron.errors import Misconfigured
from patron.runtime import failpoints
from patron_schemas import topics

PREFIX = "PATRON_"
FILE = "_FILE"
# These belong to tools around a process, not to it.
OTHERS = ("PATRON_LOCAL__DIR", "PATRON_TEST_DATABASE_DSN", "PATRON_TEST_KAFKA_BOOTSTRAP")

DSN_LIKE = "postgresql://user:password@host:5432/database"
MASTER_KEY_BYTES = 32
MAKE_A_KEY = (
    "python -c 'import os, base64; print(base64.b64encode(os.urandom(32)).decode())' makes one"
)

Text = Annotated[str, Field(min_length=1)]
Positive = Annotated[int, Field(gt=0)]
Seconds = Annotated[float, Field(gt=0, allow_inf_nan=False)]
KeyOf = Literal["member", "any"]


def _dsn(dsn: SecretStr) -> SecretStr:
    if not dsn.get_secret_value().startswith(("postgresql://", "postgres://")):
        raise ValueError(f"should look like {DSN_LIKE}")
    return dsn


def _key(key: SecretStr) -> SecretStr:
    try:
        length = len(base64.b64decode(key.get_secret_value(), validate=True))
    except binascii.Error:
        raise ValueError(f"should be base64; {MAKE_A_KEY}") from None
    if length != MASTER_KEY_BYTES:
        raise ValueError(
            f"should be {MASTER_KEY_BYTES} bytes in base64, not {length}; {MAKE_A_KEY}"
        )
    return key


def _fail_at(text: str) -> str:
    failpoints.parse(text)
    return text


class Part(BaseModel):
    """Strict about names; lax about types, since a variable is text."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


class TopicNames(Part):
    """The topics' names, and what they are bound to: one tenant or any, and what keys are.

    `tenant` and `key` hold for all; `orders_tenant` and so on for one topic.
    """

    orders: Text = topics.ORDERS
    engagement: Text = topics.ENGAGEMENT
    members: Text = topics.MEMBERS
    notices: Text = topics.NOTICES
    dead_letters: Text | None = None  # Where copies of them go; none are made unless it is set.
    partitions: Positive = topics.PARTITIONS
    replication_factor: Positive = 1
    tenant: Text | None = None
    key: KeyOf = "member"
    orders_tenant: Text | None = None
    orders_key: KeyOf | None = None
    engagement_tenant: Text | None = None
    engagement_key: KeyOf | None = None
    members_tenant: Text | None = None
    members_key: KeyOf | None = None

    @model_validator(mode="after")
    def _letters_go_elsewhere(self) -> "TopicNames":
        if self.dead_letters in (*self.incoming, self.notices):
            raise ValueError(
                f"{PREFIX}KAFKA__TOPICS__DEAD_LETTERS names a topic of events or notices; copies "
                "of dead letters need one of their own"
            )
        return self

    @property
    def incoming(self) -> tuple[str, str, str]:
        """The topics that Patron reads."""
        return self.orders, self.engagement, self.members

    @property
    def bound(self) -> dict[str, tuple[str | None, KeyOf]]:
        """Tenant and kind of key of each topic that Patron reads."""
        return {
            self.orders: (self.orders_tenant or self.tenant, self.orders_key or self.key),
            self.engagement: (
                self.engagement_tenant or self.tenant,
                self.engagement_key or self.key,
            ),
            self.members: (self.members_tenant or self.tenant, self.members_key or self.key),
        }


class Kafka(Part):
    """Where Kafka is, and who we are to it."""

    bootstrap_servers: Text = Field(description="host:9092, and more after commas")
    group_id: Text = "patron"
    security_protocol: Literal["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"] = "PLAINTEXT"
    sasl_mechanism: Literal["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"] = "SCRAM-SHA-512"
    sasl_username: str | None = None
    sasl_password: SecretStr | None = None
    ssl_cafile: str | None = None
    ssl_certfile: str | None = None
    ssl_keyfile: str | None = None
    session_timeout_s: Seconds = 10.0
    topics: TopicNames = TopicNames()

    @model_validator(mode="after")
    def _sasl_is_whole(self) -> "Kafka":
        if self.security_protocol.startswith("SASL_"):
            for name in ("sasl_username", "sasl_password"):
                if not getattr(self, name):
                    variable = f"{PREFIX}KAFKA__{name.upper()}"
                    raise ValueError(f"{self.security_protocol} needs {variable} too")
        return self


class Database(Part):
    """Where Postgres is."""

    dsn: Annotated[SecretStr, AfterValidator(_dsn)] = Field(description=DSN_LIKE)
    pool_size: Positive = 4
    statement_cache_size: Annotated[int, Field(ge=0)] = 200  # 0 behind a transaction pooler.


class Secrets(Part):
    """Keys that only this deployment has."""

    # It seals personal data and dead letters.
    master_key: Annotated[SecretStr, AfterValidator(_key)] = Field(
        description=f"32 bytes in base64; {MAKE_A_KEY}"
    )


class Log(Part):
    """How much is logged, and in which form."""

    level: Literal["debug", "info", "warning", "error"] = "info"
    format: Literal["auto", "json", "console"] = "auto"


class Telemetry(Part):
    """Where /metrics, /livez, /readyz and /startupz are served. Port 0: any free one."""

    host: str = "127.0.0.1"
    port: Annotated[int, Field(ge=0, le=65535)] = 9464


class Intake(Part):
    """How the intake takes records."""

    batch_records_max: Positive = 4000
    batch_bytes_max: Positive = 8_000_000
    poll_wait_s: Seconds = 0.05
    stall_s: Seconds = 60.0  # Lag and no progress for so long ends the process.
    crashes_max: Positive = 4  # So many deaths of processes over one record set it aside.


class Relay(Part):
    """How the relay publishes."""

    shards: Positive = 1
    notices_max: Positive = 5000
    bytes_max: Positive = 1_000_000
    idle_wait_s: Seconds = 0.02
    fault_wait_s: Seconds = 1.0
    deadline_s: Seconds = 30.0


class Jobs(Part):
    """How time is let pass."""

    accounts_max: Positive = 500
    idle_wait_s: Seconds = 1.0
    dead_letters_kept_days: Positive = 90


class Testing(Part):
    """Failing on purpose, for tests alone: see `patron.runtime.failpoints`."""

    failpoints: bool = False
    fail_at: Annotated[str, AfterValidator(_fail_at)] | None = None

    @model_validator(mode="after")
    def _is_a_test(self) -> "Testing":
        if self.fail_at and not self.failpoints:
            raise ValueError(
                "PATRON_TESTING__FAIL_AT makes a process fail on purpose, in tests alone; it "
                "needs PATRON_TESTING__FAILPOINTS=true"
            )
        return self


class Settings(Part):
    """All settings of a process."""

    kafka: Kafka
    database: Database
    secrets: Secrets
    log: Log = Log()
    telemetry: Telemetry = Telemetry()
    intake: Intake = Intake()
    relay: Relay = Relay()
    jobs: Jobs = Jobs()
    testing: Testing = Testing()

    @property
    def master_key(self) -> bytes:
        """The key's bytes."""
        return base64.b64decode(self.secrets.master_key.get_secret_value())

    def shown(self) -> dict[str, Any]:
        """Every value in force, secrets masked."""
        return self.model_dump(mode="json")


def load(environ: Mapping[str, str] = os.environ) -> Settings:
    """The settings of an environment. Raises `Misconfigured` that names the variable."""
    known = _known(Settings)
    values: dict[str, Any] = {}
    for name, text in sorted(environ.items()):
        if not name.startswith(PREFIX) or name in OTHERS:
            continue
        plain = name if name in known else name.removesuffix(FILE)
        if plain not in known:
            close = get_close_matches(name, known, n=1, cutoff=0.5)
            mend = f"; did you mean {close[0]}?" if close else ""
            raise Misconfigured(f"unknown setting {name}{mend}")
        if plain != name and plain in environ:
            raise Misconfigured(f"both {plain} and {name} are set; keep one")
        _put(values, plain, text if plain == name else _from_file(name, text))
    try:
        return Settings.model_validate(values)
    except ValidationError as error:
        raise Misconfigured(_said(error)) from None


def _known(part: type[BaseModel], prefix: str = PREFIX) -> set[str]:
    names: set[str] = set()
    for name, field in part.model_fields.items():
        kind = field.annotation
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            names |= _known(kind, f"{prefix}{name.upper()}__")
        else:
            names.add(f"{prefix}{name.upper()}")
    return names


def _put(values: dict[str, Any], name: str, text: str) -> None:
    *parts, last = name.removeprefix(PREFIX).lower().split("__")
    for part in parts:
        values = values.setdefault(part, {})
    values[last] = text


def _from_file(name: str, path: str) -> str:
    try:
        return Path(path).read_text("utf-8").strip()
    except OSError as error:
        raise Misconfigured(f"{name}: {path} can't be read ({error.strerror})") from None


def _said(error: ValidationError) -> str:
    """What is wrong, and with which variables; never what they hold."""
    lines = []
    for problem in error.errors(include_input=False, include_url=False):
        name = PREFIX + "__".join(str(part).upper() for part in problem["loc"])
        if problem["type"] == "missing":
            lines += _needed(name)
        else:
            said = problem["msg"].removeprefix("Value error, ").removeprefix("Input ")
            lines.append(f"{name}: {said}")
    return "; ".join(lines)


def _needed(name: str) -> list[str]:
    """What to set where this variable, or this whole part, is missing."""
    part, *rest = name.removeprefix(PREFIX).lower().split("__")
    kind = Settings.model_fields[part].annotation
    assert isinstance(kind, type)
    assert issubclass(kind, BaseModel)
    return [
        f"{PREFIX}{part.upper()}__{key.upper()} is not set: {field.description}"
        for key, field in kind.model_fields.items()
        if field.is_required() and rest in ([], [key])
    ]
