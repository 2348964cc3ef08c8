"""Cards before anybody knows whose they are: live and replay say the same, whatever is chosen."""

from pathlib import Path

import orjson
import pytest

from journeys.world import by_member, notices_and_members, world
from patron.cli.programs import LONG_AGO
from patron.engine.lineage import InForce, Lineage
from patron.engine.replay import Replay
from patron.store.tenants import Unknown
from patron.stream.connection import KafkaConnection
from patron.wire.documents import compile_document
from programs.unknown import PROGRAM, bought, joined, linked, returned, reviewed

# In the order in which they come; two that wait come against their time.
EVENTS = [
    bought("A2", "10.00", 2, card="1"),
    bought("A1", "120.00", 1, card="1"),
    returned("B1", "3.00", 3, card="9"),
    joined("bob", 3),
    bought("B1", "20.00", 3, card="2"),
    reviewed("tea", 4, card="1"),
    bought("A3", "5.00", 5, member="ann"),
    returned("A1", "50.00", 5),
    linked("ann", 6, "1"),
    linked("bob", 6, "1"),
    linked("bob", 7, "2"),
    bought("A4", "1.00", 8, card="1"),
    bought("C1", "9.00", 8, card="3"),
    bought("A2", "10.00", 2, card="1"),
    bought("D1", "7.00", 9),
    bought("A5", "1.00", 20, member="ann"),
]


@pytest.mark.parametrize("unknown", list(Unknown))
async def test_live_equals_replay(
    unknown: Unknown, database: str, kafka_connection: KafkaConnection, tmp_path: Path
) -> None:
    program = compile_document(PROGRAM, source="corner.yaml")
    run = Replay({"corner": Lineage([InForce(LONG_AGO, program)])}, unknown=unknown)
    said = [*run.events(EVENTS), *run.members()]
    refused = [each["dead_letter"] for each in said if "dead_letter" in each]
    notices, members = notices_and_members(said)

    async with world(dsn=database, kafka=kafka_connection, logs=tmp_path, partitions=1) as found:
        await found.add_tenant("default", unknown=unknown)
        await found.publish(PROGRAM, tenant="default")
        await found.send_events(EVENTS)
        found.workers.start("all")
        await found.settled()

        count = sum(map(len, notices.values()))
        live = by_member(await found.notices(count=count))
        if unknown is not Unknown.OPEN:  # Whom a card opens has an id of the tenant's own key.
            assert live == notices
            for name, member in members.items():
                assert await found.member(name, tenant="default") == member
        listed = (await found.patron("dlq", "list", "--json")).out.splitlines()
        assert sorted(orjson.loads(line)["code"] for line in listed) == sorted(refused)
        counted = await found.metrics("all")
        for outcome in ("waiting", "anonymous"):
            told = f'patron_events_processed_total{{outcome="{outcome}"}}' in counted
            # An order that names nobody at all is anonymous whatever is chosen.
            assert told == (outcome == "anonymous" or unknown is Unknown.WAIT)
        audited = await found.patron("audit", "--json")
        assert (audited.code, orjson.loads(audited.out)["differences"]) == (0, [])
