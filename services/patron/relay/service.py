"""The relay: carries committed notices from the outbox to Kafka. It decides nothing.

One member's notices leave in the order in which they were committed, and a reader with
read_committed sees each once: a round is sent in one Kafka transaction and deleted once
that is committed. After any fault the publisher is thrown away, a new one is started,
which fences whoever held its name, and the topic is read back before anything is sent.
"""

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from uuid import UUID

import structlog

from patron.errors import ProducerFenced, Transient
from patron.runtime import metrics
from patron.runtime.health import Health
from patron.runtime.settings import Settings
from patron.store import dead_letters, outbox
from patron.store.dead_letters import DeadLetter, Original
from patron.store.outbox import WaitingNotice
from patron.store.pool import Pool, session, transaction
from patron.store.sealing import Sealer
from patron.stream.connection import KafkaConnection
from patron.stream.producer import TransactionalPublisher, too_large
from patron.stream.records import Partition, Record
from patron.wire.outgoing import unpack
from patron.wire.reasons import MEANING, Reason

log = structlog.get_logger()

FENCED_MAX = 3  # A relay that is fenced so often in a row has a successor, and ends.


@dataclass(slots=True)
class Relay:
    """One shard's way out."""

    settings: Settings
    pool: Pool
    kafka: KafkaConnection
    sealer: Sealer
    shard: int
    _publisher: TransactionalPublisher | None = None
    _fenced: int = 0
    _fault: str | None = None

    async def run(self, stopping: asyncio.Event) -> None:
        """Send until told to stop; the round in hand is always finished."""
        while not stopping.is_set():
            try:
                sent = await self.send_round()
                self._fenced, self._fault = 0, None
                wait_s = 0.0 if sent else self.settings.relay.idle_wait_s
            except Transient as fault:
                wait_s = self.settings.relay.fault_wait_s
                metrics.ROUNDS_FAILED.inc()
                self._fault = str(fault)
                log.warning("round.put_off", error=str(fault), again_in_s=wait_s)
                await self._discard()
                if self._is_superseded(fault):
                    log.error("relay.superseded", shard=self.shard)
                    break
            with suppress(TimeoutError):
                await asyncio.wait_for(stopping.wait(), timeout=wait_s)
        await self._discard()

    def _is_superseded(self, fault: Transient) -> bool:
        self._fenced = self._fenced + 1 if isinstance(fault, ProducerFenced) else 0
        return self._fenced >= FENCED_MAX

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
        if not notices:
            return 0

        records = [self._record(notice) for notice in notices]
        refused = set(too_large(records))
        if refused:
            await self._park([notices[place] for place in sorted(refused)])
            notices = [n for place, n in enumerate(notices) if place not in refused]
            records = [r for place, r in enumerate(records) if place not in refused]
        if records:
            ends = await publisher.publish(records, deadline_s=settings.deadline_s)
            async with transaction(self.pool) as connection:
                await outbox.delete(
                    connection,
                    shard=self.shard,
                    ids=[notice.id for notice in notices],
                    positions={(place.topic, place.partition): at for place, at in ends.items()},
                )
        metrics.NOTICES_PUBLISHED.inc(len(notices))
        return len(notices)

    def _record(self, notice: WaitingNotice) -> Record:
        key, value, headers = unpack(notice.body)
        return Record(self.settings.kafka.topics.notices, key, value, tuple(headers))

    async def _start(self) -> TransactionalPublisher:
        """A publisher that has taken the shard over, after what is on the topic is known."""
        topics = self.settings.kafka.topics
        publisher = TransactionalPublisher(
            self.kafka,
            transactional_id=f"patron-relay-{self.settings.kafka.group_id}-{self.shard}",
        )
        await publisher.start()
        try:
            async with session(self.pool) as connection:
                known = await outbox.positions(connection, shard=self.shard)
            positions = {part: at for (name, part), at in known.items() if name == topics.notices}
            back = await publisher.read_back(topics.notices, positions)
            await self._forget(back.notice_ids, back.positions)
        except BaseException:
            await publisher.stop()
            raise
        self._publisher = publisher
        return publisher

    async def _forget(self, there: frozenset[str], positions: Mapping[Partition, int]) -> None:
        """Delete what the topic has already: it was sent, and not deleted in time."""
        names = [UUID(notice) for notice in sorted(there)]
        async with transaction(self.pool) as connection:
            ids = await outbox.known(connection, shard=self.shard, notices=names)
            seen = {(place.topic, place.partition): at for place, at in positions.items()}
            await outbox.delete(connection, shard=self.shard, ids=ids, positions=seen)
        if ids:
            log.info("relay.read_back", already_sent=len(ids), shard=self.shard)

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
        async with transaction(self.pool) as connection:
            await dead_letters.append(connection, self.sealer, letters)
            ids = [notice.id for notice in notices]
            await outbox.delete(connection, shard=self.shard, ids=ids, positions={})
        log.error("notice.parked", notices=len(notices), reason=str(Reason.NOTICE_TOO_LARGE))

    async def _discard(self) -> None:
        """After a fault nobody knows what the client believes: it is never used again."""
        publisher, self._publisher = self._publisher, None
        if publisher is not None:
            await publisher.stop()

    def unready(self) -> str | None:
        """Why nothing can be sent now; for /readyz."""
        return self._fault


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
    async with asyncio.TaskGroup() as group:
        for relay in relays:
            group.create_task(relay.run(stopping))
        group.create_task(_watch(settings, pool, stopping))


async def _watch(settings: Settings, pool: Pool, stopping: asyncio.Event) -> None:
    """Show how much is owed."""
    while not stopping.is_set():
        with suppress(Transient):  # The relay itself says so, and waits.
            async with session(pool) as connection:
                for shard in range(settings.relay.shards):
                    pending = await outbox.pending(connection, shard=shard)
                    metrics.child(metrics.OUTBOX_PENDING, str(shard)).set(pending)
        with suppress(TimeoutError):
            await asyncio.wait_for(stopping.wait(), timeout=1.0)
