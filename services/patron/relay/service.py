"""The relay: carries committed notices from the outbox to Kafka. It decides nothing.

Copies of dead letters, where they are asked for, go the same way, to a topic of their own.

One member's notices leave in the order in which they were committed, and a reader with
read_committed sees each once: a round is sent in one Kafka transaction and deleted once
that is committed. After any fault the publisher is thrown away, a new one is started,
which fences whoever held its name, and the topic is read back before anything is sent.
"""

import asyncio
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from uuid import UUID

import structlog

from patron.engine.aside import Aside
from patron.errors import ProducerFenced, StoreUnavailable, Transient
from patron.runtime import failpoints, metrics
from patron.runtime.health import Health
from patron.runtime.process import in_hand
from patron.runtime.settings import Settings
from patron.store import outbox
from patron.store.dead_letters import DeadLetter, Original
from patron.store.outbox import Place, WaitingNotice
from patron.store.pool import Pool, session, transaction
from patron.store.sealing import Sealer
from patron.stream import topics
from patron.stream.connection import KafkaConnection
from patron.stream.producer import MESSAGE_BYTES_NEEDED, TransactionalPublisher, too_large
from patron.stream.records import Partition, Record
from patron.stream.tail import NOTICE_ID_HEADER, ReadBack
from patron.wire import copies
from patron.wire.outgoing import shard_of, unpack
from patron.wire.reasons import MEANING, Reason

log = structlog.get_logger()

# So long a successor has to show that it sends: it reads the topic back first.
FENCED_WATCH_S, FENCED_LOOK_S = 10.0, 0.25
ROUND_S_MAX = 60.0  # A round that takes longer is no progress.


@dataclass(slots=True)
class Relay:
    """One shard's way out."""

    settings: Settings
    pool: Pool
    kafka: KafkaConnection
    sealer: Sealer
    shard: int
    _publisher: TransactionalPublisher | None = None
    _positions: dict[Place, int] = field(default_factory=dict)
    _oldest: tuple[int, float] | None = None  # The notice that waits longest, and since when.
    _ahead: set[UUID] = field(default_factory=set)  # Sent before this database made them.
    _moved_at: float = field(default_factory=time.monotonic)
    _fault: str | None = None

    async def run(self, stopping: asyncio.Event) -> None:
        """Send until told to stop; the round in hand is finished. Raises `ProducerFenced`."""
        is_checked = False
        try:
            while not stopping.is_set():
                try:
                    if not is_checked:
                        await in_hand(self._check_room(), stopping)
                        is_checked = True
                    sent = await in_hand(self.send_round(), stopping)
                    self._moved_at, self._fault = time.monotonic(), None
                    wait_s = 0.0 if sent else self.settings.relay.idle_wait_s
                except Transient as fault:
                    wait_s = self.settings.relay.fault_wait_s
                    await self._put_off(fault, wait_s=wait_s)
                    if isinstance(fault, ProducerFenced):
                        await self._check_succession(stopping)
                with suppress(TimeoutError):
                    await asyncio.wait_for(stopping.wait(), timeout=wait_s)
        finally:
            await self._discard()

    async def _check_room(self) -> None:
        """One message that the topic refuses would cost the publisher, and hold up the rest."""
        for topic in self._topics():
            await topics.check_room(self.kafka, topic, bytes_needed=MESSAGE_BYTES_NEEDED)

    def _topics(self) -> dict[str, str]:
        """The topics that are written to, and the header that names a record in each."""
        names = self.settings.kafka.topics
        letters = {} if names.dead_letters is None else {names.dead_letters: copies.ID}
        return {names.notices: NOTICE_ID_HEADER, **letters}

    async def _put_off(self, fault: Transient, *, wait_s: float) -> None:
        metrics.ROUNDS_FAILED.inc()
        self._fault = str(fault)
        log.warning("round.put_off", error=str(fault), again_in_s=wait_s, shard=self.shard)
        await self._discard()

    async def _check_succession(self, stopping: asyncio.Event) -> None:
        """Fenced: by a successor that sends, or by a broker that gave up on a transaction.

        A successor moves the shard's positions, which only the one that sends does. Who
        was fenced and takes over all the same would fence it in turn, and so for ever.
        """
        until = time.monotonic() + FENCED_WATCH_S
        while not stopping.is_set() and time.monotonic() < until:
            try:
                if await self._stored_positions() != self._positions:
                    raise ProducerFenced(
                        f"another relay sends shard {self.shard} now, so this one ends; run one "
                        "for each shard, or give each its own PATRON_KAFKA__GROUP_ID"
                    )
            except StoreUnavailable as fault:
                self._fault = str(fault)
            with suppress(TimeoutError):
                await asyncio.wait_for(stopping.wait(), timeout=FENCED_LOOK_S)

    async def _stored_positions(self) -> dict[Place, int]:
        async with session(self.pool) as connection:
            return await outbox.positions(connection, shard=self.shard)

    async def send_round(self) -> int:
        """Send what is oldest; return how many notices that was."""
        publisher = self._publisher or await self._start()
        settings = self.settings.relay
        async with session(self.pool) as connection:
            notices = await outbox.oldest(
                connection,
                shard=self.shard,
                notices_max=settings.notices_max,
                bytes_max=settings.bytes_max,
            )
        self._show_oldest(notices)
        if not notices:
            return 0
        failpoints.passed("relay.chosen")
        found = len(notices)
        notices = await self._without_ahead(await self._without_unwanted(notices))

        records = [self._record(notice) for notice in notices]
        refused = set(too_large(records))
        if refused:
            await self._park([notices[place] for place in sorted(refused)])
            notices = [n for place, n in enumerate(notices) if place not in refused]
            records = [r for place, r in enumerate(records) if place not in refused]
        if records:
            ends = await publisher.publish(records, deadline_s=settings.deadline_s)
            failpoints.passed("relay.published")
            await self._delete([notice.id for notice in notices], ends)
            failpoints.passed("relay.deleted")
        letters = sum(notice.is_letter for notice in notices)
        metrics.NOTICES_PUBLISHED.inc(len(notices) - letters)
        metrics.LETTERS_COPIED.inc(letters)
        return found

    async def _delete(self, ids: Sequence[int], ends: Mapping[Partition, int]) -> None:
        """Owe these no more: they stand on the topic, which is accounted for up to `ends`."""
        async with transaction(self.pool) as connection:
            places: dict[Place, int] = {
                (each.topic, each.partition): at for each, at in ends.items()
            }
            await outbox.delete(connection, shard=self.shard, ids=ids, positions=places)
        for place, at in places.items():
            self._positions[place] = max(at, self._positions.get(place, 0))

    def _show_oldest(self, notices: Sequence[WaitingNotice]) -> None:
        """For how long the same notice has been the oldest: rows keep no time of their own."""
        now = time.monotonic()
        if not notices:
            self._oldest = None
        elif self._oldest is None or self._oldest[0] != notices[0].id:
            self._oldest = notices[0].id, now
        waited_s = now - self._oldest[1] if self._oldest else 0.0
        metrics.child(metrics.OUTBOX_OLDEST_SECONDS, str(self.shard)).set(waited_s)

    def _record(self, notice: WaitingNotice) -> Record:
        names = self.settings.kafka.topics
        if notice.is_letter:
            assert names.dead_letters is not None, "unwanted copies are left out before"
            copy = copies.unpack(self.sealer.open(notice.body))
            return Record(names.dead_letters, copy.key, copy.value, tuple(copy.headers))
        key, value, headers = unpack(notice.body)
        return Record(names.notices, key, value, tuple(headers))

    async def _start(self) -> TransactionalPublisher:
        """A publisher that has taken the shard over, after what is on the topic is known."""
        publisher = TransactionalPublisher(
            self.kafka,
            transactional_id=f"patron-relay-{self.settings.kafka.group_id}-{self.shard}",
        )
        await publisher.start()
        try:
            failpoints.passed("relay.fenced")
            self._positions = await self._stored_positions()
            for topic, named_by in self._topics().items():
                positions = {
                    part: at for (name, part), at in self._positions.items() if name == topic
                }
                back = await publisher.read_back(topic, positions, named_by=named_by)
                failpoints.passed("relay.read_back")
                await self._forget(back)
        except BaseException:
            await publisher.stop()
            raise
        self._publisher = publisher
        return publisher

    async def _forget(self, back: ReadBack) -> None:
        """Delete what the topic has already: it was sent, and not deleted in time.

        What the outbox does not know was sent by a database that had more commits than this
        one: they are made again, and must not be sent again then.
        """
        names = [
            name
            for notice, key in sorted(back.keys.items())
            if shard_of(key, self.settings.relay.shards) == self.shard and (name := _uuid(notice))
        ]
        async with session(self.pool) as connection:
            known = await outbox.known(connection, shard=self.shard, notices=names)
        unknown = [name for name in names if name not in known]
        if unknown:
            async with transaction(self.pool) as connection:
                await outbox.put_ahead(connection, shard=self.shard, notices=unknown)
        await self._delete([*known.values()], back.positions)
        async with session(self.pool) as connection:
            self._ahead = await outbox.ahead(connection, shard=self.shard)
        if names:
            log.info(
                "relay.read_back",
                already_sent=len(known),
                not_made_yet=len(unknown),
                shard=self.shard,
            )

    async def _without_ahead(self, notices: list[WaitingNotice]) -> list[WaitingNotice]:
        """Leave out, and owe no more, what the topic had before this database made it."""
        met = [notice for notice in notices if notice.notice in self._ahead]
        if not met:
            return notices
        names = [notice.notice for notice in met]
        async with transaction(self.pool) as connection:
            ids = [notice.id for notice in met]
            await outbox.delete(connection, shard=self.shard, ids=ids, positions={})
            await outbox.drop_ahead(connection, shard=self.shard, notices=names)
        self._ahead.difference_update(names)
        return [notice for notice in notices if notice not in met]

    async def _without_unwanted(self, notices: list[WaitingNotice]) -> list[WaitingNotice]:
        """Copies that waited when they were switched off are not sent: the letters are rows."""
        if self.settings.kafka.topics.dead_letters is not None:
            return notices
        ids = [notice.id for notice in notices if notice.is_letter]
        if ids:
            async with transaction(self.pool) as connection:
                await outbox.delete(connection, shard=self.shard, ids=ids, positions={})
            log.warning("copies.dropped", copies=len(ids), shard=self.shard)
        return [notice for notice in notices if not notice.is_letter]

    async def _park(self, notices: list[WaitingNotice]) -> None:
        """A notice that Kafka would refuse is set aside; its neighbours go on."""
        topic = self.settings.kafka.topics.notices
        letters = [
            DeadLetter(
                Original(topic, -1, notice.id, 0, None, notice.body, ()),
                Reason.NOTICE_TOO_LARGE,
                MEANING[Reason.NOTICE_TOO_LARGE],
            )
            for notice in notices
        ]
        aside = Aside(
            sealer=self.sealer,
            group=self.settings.kafka.group_id,
            shards=self.settings.relay.shards,
            copies=self.settings.kafka.topics.dead_letters is not None,
        )
        async with transaction(self.pool) as connection:
            await aside.put(connection, letters)
            ids = [notice.id for notice in notices]
            await outbox.delete(connection, shard=self.shard, ids=ids, positions={})
        metrics.NOTICES_PARKED.inc(len(notices))
        log.error("notice.parked", notices=len(notices), error_code=str(Reason.NOTICE_TOO_LARGE))

    async def _discard(self) -> None:
        """After a fault nobody knows what the client believes: it is never used again."""
        publisher, self._publisher = self._publisher, None
        if publisher is not None:
            await publisher.stop()

    def unready(self) -> str | None:
        """Why nothing can be sent now; for /readyz."""
        idle_s = time.monotonic() - self._moved_at
        if self._fault is None and idle_s > ROUND_S_MAX:
            return f"no round has ended for {idle_s:.0f} s"
        return self._fault


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:  # Not one of ours: somebody else writes to this topic too.
        return None


async def run(
    settings: Settings,
    pool: Pool,
    kafka: KafkaConnection,
    sealer: Sealer,
    stopping: asyncio.Event,
    health: Health,
) -> None:
    """Run as a role of a process: one relay for each shard."""
    relays = [Relay(settings, pool, kafka, sealer, shard) for shard in range(settings.relay.shards)]
    for relay in relays:
        health.ready[f"relay-{relay.shard}"] = relay.unready
    health.started_up("relay")
    watch = asyncio.create_task(_watch(settings, pool))
    try:
        ends = await asyncio.gather(*[_one(relay, stopping) for relay in relays])
    finally:
        watch.cancel()
    for fault in ends:
        if fault is not None:
            raise fault


async def _one(relay: Relay, stopping: asyncio.Event) -> Exception | None:
    """A relay's end ends the others in order: none is cut in the middle of a round."""
    try:
        await relay.run(stopping)
    except Exception as fault:
        stopping.set()
        return fault
    return None


async def _watch(settings: Settings, pool: Pool) -> None:
    """Show how much is owed."""
    while True:
        with suppress(Transient):  # The relay itself says so, and waits.
            async with session(pool) as connection:
                for shard in range(settings.relay.shards):
                    pending = await outbox.pending(connection, shard=shard)
                    metrics.child(metrics.OUTBOX_PENDING, str(shard)).set(pending)
        await asyncio.sleep(1.0)
