"""`patron run`: the services as an operator runs them, ended by signals."""

import asyncio
import json
import os
import re
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from patron.stream.tail import read_all
from services.shop import Shop, bought, until

STOP_S_MAX = 10.0
MEMBERS = [f"m{number}" for number in range(20)]


def environment(shop: Shop) -> dict[str, str]:
    names = shop.topics
    known = {name: text for name, text in os.environ.items() if not name.startswith("PATRON_")}
    return known | {
        "PATRON_KAFKA__BOOTSTRAP_SERVERS": shop.settings.kafka.bootstrap_servers,
        "PATRON_KAFKA__GROUP_ID": shop.group,
        "PATRON_KAFKA__SESSION_TIMEOUT_S": "6",
        "PATRON_KAFKA__TOPICS__ORDERS": names.orders,
        "PATRON_KAFKA__TOPICS__ENGAGEMENT": names.engagement,
        "PATRON_KAFKA__TOPICS__MEMBERS": names.members,
        "PATRON_KAFKA__TOPICS__NOTICES": names.notices,
        "PATRON_DATABASE__DSN": shop.settings.database.dsn.get_secret_value(),
        "PATRON_SECRETS__MASTER_KEY": shop.settings.secrets.master_key.get_secret_value(),
        "PATRON_TELEMETRY__PORT": "0",
        "PATRON_LOG__FORMAT": "json",
    }


class Running:
    """A `patron run` of its own, with its log."""

    def __init__(self, process: "subprocess.Popen[bytes]", log: Path) -> None:
        self.process = process
        self.log = log

    async def port(self) -> int:
        async def is_told() -> bool:
            assert self.process.poll() is None, self.log.read_text("utf-8")
            return "telemetry_port" in self.log.read_text("utf-8")

        await until(is_told)
        found = re.search(r'"telemetry_port":\s*(\d+)', self.log.read_text("utf-8"))
        assert found is not None
        return int(found[1])

    async def ask(self, path: str) -> tuple[int, str]:
        url = f"http://127.0.0.1:{await self.port()}{path}"
        return await asyncio.to_thread(asked, url)

    async def ended(self) -> tuple[int, float]:
        """The exit code of a process that was signalled, and how long it took."""
        began = time.monotonic()
        code = await asyncio.to_thread(self.process.wait, 30)
        return code, time.monotonic() - began


def asked(url: str) -> tuple[int, str]:
    try:
        with urllib.request.urlopen(url, timeout=5) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read().decode()


@contextmanager
def running(*roles: str, environ: dict[str, str], folder: Path) -> Iterator[Running]:
    path = folder / f"{'-'.join(roles)}.log"
    with path.open("ab") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "patron.cli", "run", *roles],
            env=environ,
            cwd=folder,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    try:
        yield Running(process, path)
    finally:
        process.kill()
        process.wait()


async def test_all_roles_in_one_process_work_and_stop_cleanly(shop: Shop, tmp_path: Path) -> None:
    with running("all", environ=environment(shop), folder=tmp_path) as patron:

        async def is_ready() -> bool:
            return (await patron.ask("/readyz"))[0] == 200

        await until(is_ready)
        await shop.send([bought(f"o{number}", member=MEMBERS[number]) for number in range(20)])
        await shop.drained()
        await shop.published()
        status, text = await patron.ask("/metrics")
        assert (await patron.ask("/livez"))[0] == 200
        patron.process.send_signal(signal.SIGTERM)
        code, took_s = await patron.ended()

    log = patron.log.read_text("utf-8")
    assert (status, code) == (200, 0), log
    assert took_s < STOP_S_MAX
    assert 'patron_events_processed_total{outcome="applied"} 20.0' in text
    assert 'patron_points_issued_total{program="cashback",rule="two-percent"} 4000.0' in text
    assert "patron_notices_published_total 20.0" in text
    assert 'patron_build_info{version="' in text
    assert len(await read_all(shop.kafka, shop.topics.notices)) == 20
    for line in log.splitlines():
        assert {"timestamp", "level", "event", "service", "version"} <= json.loads(line).keys()


async def test_a_killed_intake_changes_nothing_in_the_result(shop: Shop, tmp_path: Path) -> None:
    events = [
        bought(f"o{number}", member=MEMBERS[number % 20], minute=number) for number in range(4000)
    ]
    environ = environment(shop) | {"PATRON_INTAKE__BATCH_RECORDS_MAX": "100"}
    await shop.send(events)
    for kill in range(1, 4):
        with running("intake", environ=environ, folder=tmp_path) as patron:

            async def has_more(kill: int = kill) -> bool:
                assert patron.process.poll() is None, patron.log.read_text("utf-8")
                rows = await shop.rows("SELECT count(*) AS entries FROM entry")
                return bool(rows[0]["entries"] >= kill * 500)

            await until(has_more)
            patron.process.kill()
    with running("intake", environ=environ, folder=tmp_path):
        await shop.drained()

    assert await shop.points() == dict.fromkeys(MEMBERS, 200 * 200)


@pytest.mark.parametrize(
    ("change", "code", "said"),
    [
        pytest.param({"PATRON_LOG__LEVEL": "loud"}, 78, "PATRON_LOG__LEVEL", id="setting"),
        pytest.param(
            {"PATRON_KAFKA__TOPICS__ORDERS": "no.such.topic"},
            78,
            "patron topics ensure",
            id="topic",
        ),
        pytest.param(
            {"PATRON_DATABASE__DSN": "postgresql://127.0.0.1:1/none"}, 75, "Postgres", id="database"
        ),
    ],
)
async def test_what_it_cannot_start_with_is_said_and_coded(
    shop: Shop, tmp_path: Path, change: dict[str, str], code: int, said: str
) -> None:
    with running("intake", environ=environment(shop) | change, folder=tmp_path) as patron:
        found, _ = await patron.ended()

    log = patron.log.read_text("utf-8")
    assert found == code, log
    assert said in log
    assert "Traceback" not in log
