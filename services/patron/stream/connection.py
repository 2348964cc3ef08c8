"""How to reach Kafka, and what its client's errors mean to us.

One value says where the brokers are and how we are known to them. Every call of the
client runs inside `translated`, so that no error of the client leaves this room.
"""

import asyncio
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Literal

from aiokafka import errors as kafka

from patron.errors import Misconfigured, ProducerFenced, StreamUnavailable

SecurityProtocol = Literal["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"]
SaslMechanism = Literal["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"]

# Only a person can mend these: a right, a name, a setting.
_NEEDS_A_PERSON = (
    kafka.AuthenticationFailedError,
    kafka.AuthenticationMethodNotSupported,
    kafka.SaslAuthenticationFailed,
    kafka.UnsupportedSaslMechanismError,
    kafka.TopicAuthorizationFailedError,
    kafka.GroupAuthorizationFailedError,
    kafka.ClusterAuthorizationFailedError,
    kafka.TransactionalIdAuthorizationFailed,
    kafka.InvalidTopicError,
    kafka.InvalidConfigurationError,
    kafka.InvalidReplicationFactorError,
    kafka.InvalidPartitionsError,
    kafka.InvalidSessionTimeoutError,
    kafka.InvalidTransactionTimeout,
    kafka.InconsistentGroupProtocolError,
    kafka.PolicyViolationError,
    kafka.UnsupportedVersionError,
    kafka.UnsupportedCodecError,
    kafka.KafkaConfigurationError,
)
_FENCED = (
    kafka.ProducerFenced,
    kafka.InvalidProducerEpoch,
    kafka.TransactionCoordinatorFenced,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class KafkaConnection:
    """Where the brokers are, and who we are to them. The password is never shown."""

    bootstrap_servers: str
    security_protocol: SecurityProtocol = "PLAINTEXT"
    sasl_mechanism: SaslMechanism = "SCRAM-SHA-512"
    sasl_username: str | None = None
    sasl_password: str | None = field(default=None, repr=False)
    # Files in PEM. Without a CA the system's are trusted; names are always checked.
    ssl_cafile: str | None = None
    ssl_certfile: str | None = None
    ssl_keyfile: str | None = None
    client_id: str = "patron"
    request_timeout_s: float = 30.0

    def __post_init__(self) -> None:
        if not self.bootstrap_servers.strip():
            raise Misconfigured("No Kafka server is named: give at least one host:port.")
        by_sasl = self.security_protocol.startswith("SASL_")
        if by_sasl and not (self.sasl_username and self.sasl_password):
            raise Misconfigured(
                f"{self.security_protocol} needs a SASL user name and password for Kafka."
            )

    def arguments(self) -> dict[str, Any]:
        """The client's own arguments; reads the certificate files."""
        found: dict[str, Any] = {
            "bootstrap_servers": self.bootstrap_servers,
            "client_id": self.client_id,
            "security_protocol": self.security_protocol,
            "request_timeout_ms": int(self.request_timeout_s * 1000),
        }
        if self.security_protocol in ("SSL", "SASL_SSL"):
            found["ssl_context"] = self._ssl_context()
        if self.security_protocol.startswith("SASL_"):
            found["sasl_mechanism"] = self.sasl_mechanism
            found["sasl_plain_username"] = self.sasl_username
            found["sasl_plain_password"] = self.sasl_password
        return found

    def _ssl_context(self) -> ssl.SSLContext:
        try:
            context = ssl.create_default_context(cafile=self.ssl_cafile)
            if self.ssl_certfile is not None:
                context.load_cert_chain(self.ssl_certfile, self.ssl_keyfile)
        except OSError as fault:  # An ssl.SSLError is one too.
            raise Misconfigured(f"Kafka's certificate files can't be read: {fault}") from fault
        return context


@contextmanager
def translated(doing: str) -> Iterator[None]:
    """Turn the client's errors into ours; `doing` says what failed, for the log."""
    try:
        yield
    except _FENCED as fault:
        raise ProducerFenced(f"{doing}: another publisher took over ({fault})") from fault
    except _NEEDS_A_PERSON as fault:
        raise Misconfigured(f"{doing}: {_said(fault)}") from fault
    except (kafka.KafkaError, kafka.ConsumerStoppedError, OSError, TimeoutError) as fault:
        raise StreamUnavailable(f"{doing}: {_said(fault)}") from fault


async def within(deadline_s: float, work: Any, *, doing: str) -> Any:
    """Await `work`, translated, for `deadline_s` at most: the client has waits without end."""
    with translated(doing):
        try:
            return await asyncio.wait_for(work, deadline_s)
        except TimeoutError as late:
            raise StreamUnavailable(f"{doing}: no answer within {deadline_s:.0f} s") from late


async def ended(work: Any, *, deadline_s: float, doing: str) -> None:
    """Await the end of a client, translated; in a task of its own.

    Where Kafka is away the client may end by cancelling itself, and that must not look as if
    it were us who are cancelled.
    """
    ending = asyncio.ensure_future(work)
    try:
        await asyncio.wait({ending}, timeout=deadline_s)
        if not ending.done():
            raise StreamUnavailable(f"{doing}: not done within {deadline_s:.0f} s")
        if ending.cancelled():
            raise StreamUnavailable(f"{doing}: the client cancelled itself")
        with translated(doing):
            ending.result()
    finally:
        ending.cancel()
        ending.add_done_callback(lambda each: each.cancelled() or each.exception())


def _said(fault: BaseException) -> str:
    return str(fault) or type(fault).__name__
