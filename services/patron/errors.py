"""Every exception the engine raises on purpose, and what its catcher must do.

    PatronError
    ├── Transient           try the same work again, later
    │   ├── StoreUnavailable
    │   │   └── OutcomeUnknown  read the claim rows on another session first
    │   ├── Raced               at once, the whole transaction
    │   ├── Fenced              without the partitions that it names
    │   ├── StreamUnavailable
    │   ├── ProducerFenced      build a new publisher, unless another took over
    │   └── PartitionFault      re-seek every partition to its claim, then:
    │       ├── NotClaimed      claim this one
    │       ├── CorruptRecord   hold this one back for a while
    │       └── OffsetGone      compare this one with its log; stop it on a gap
    ├── Poison              set this one event aside, go on with the next
    │   ├── MalformedEvent
    │   └── UnknownEventType
    └── Misconfigured       stop before doing any work; a person must act
        └── InvalidProgram

The family is the instruction: services catch the three families and nothing
finer. What is not in this tree is a bug, and a bug stops the process.

A refusal ("not enough points") is not here. It is an expected answer, so the
core returns it as a value: see `patron.core.ledger.Refusal`.
"""


class PatronError(Exception):
    """Something the engine knows how to answer went wrong."""


class Transient(PatronError):
    """A passing fault: the same work may succeed later, unchanged."""


class StoreUnavailable(Transient):
    """Postgres did not answer, or gave up on the transaction."""


class OutcomeUnknown(StoreUnavailable):
    """A commit was sent and not answered: it may have happened."""


class Raced(Transient):
    """Another transaction wrote first what this one meant to write."""


class Fenced(Transient):
    """Partitions of the batch have another owner now; nothing of it was applied."""

    def __init__(self, partitions: frozenset[tuple[str, int]]) -> None:
        names = ", ".join(f"{topic}[{partition}]" for topic, partition in sorted(partitions))
        super().__init__(f"claimed by another worker: {names}")
        self.partitions = partitions


class StreamUnavailable(Transient):
    """Kafka did not answer, or did not acknowledge in time."""


class ProducerFenced(Transient):
    """Another publisher took this one's name; what this one had open is aborted."""


class PartitionFault(Transient):
    """One partition cannot be read on; its siblings can."""

    def __init__(self, *, topic: str, partition: int, reason: str) -> None:
        super().__init__(f"{topic}[{partition}]: {reason}")
        self.topic = topic
        self.partition = partition
        self.reason = reason


class NotClaimed(PartitionFault):
    """The partition was given to us, but nobody has said yet where to read on."""


class CorruptRecord(PartitionFault):
    """The bytes that Kafka keeps here do not match their own checksum."""


class OffsetGone(PartitionFault):
    """The log does not hold the offset: it was recreated, or kept for too short a time."""


class Poison(PatronError):
    """This event can never succeed, however often it is tried."""

    def __init__(self, *, topic: str, partition: int, offset: int, reason: str) -> None:
        # Where the event lies, never what it says: a body may hold personal data.
        super().__init__(f"{topic}[{partition}]@{offset}: {reason}")
        self.topic = topic
        self.partition = partition
        self.offset = offset
        self.reason = reason


class MalformedEvent(Poison):
    """The bytes do not satisfy the contract that their type names."""


class UnknownEventType(Poison):
    """The type is none that this engine has ever published."""


class Misconfigured(PatronError):
    """The engine was told something it must not start with."""


class InvalidProgram(Misconfigured):
    """A program document contradicts itself; the message names the place."""
