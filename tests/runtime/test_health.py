"""The telemetry port, asked over a socket as Prometheus and Kubernetes do."""

import asyncio
import json
from collections.abc import AsyncIterator

import pytest

from patron.runtime import metrics
from patron.runtime.health import Health, serve


@pytest.fixture
async def health() -> Health:
    return Health()


@pytest.fixture
async def port(health: Health) -> AsyncIterator[int]:
    server = await serve(health, host="127.0.0.1", port=0)
    yield server.sockets[0].getsockname()[1]
    server.close()
    await server.wait_closed()


async def ask(port: int, request: str) -> tuple[int, dict[str, str], bytes]:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(f"{request} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
    async with asyncio.timeout(10):
        answer = await reader.read()
    writer.close()
    await writer.wait_closed()
    head, _, body = answer.partition(b"\r\n\r\n")
    first, *lines = head.decode().split("\r\n")
    return int(first.split()[1]), dict(line.split(": ", 1) for line in lines), body


async def test_starting_up_is_told_apart_from_being_up(health: Health, port: int) -> None:
    health.begin("intake")
    assert (await ask(port, "GET /startupz"))[0] == 503
    assert (await ask(port, "GET /readyz"))[0] == 503
    assert (await ask(port, "GET /livez"))[0] == 200

    health.started_up("intake")
    assert (await ask(port, "GET /startupz"))[0] == 200
    assert (await ask(port, "GET /readyz?verbose"))[0] == 200


async def test_what_is_wrong_is_said_by_name(health: Health, port: int) -> None:
    health.ready["relay-0"] = lambda: "Kafka did not answer"
    health.live["intake"] = lambda: "no progress"

    status, headers, body = await ask(port, "GET /readyz")
    assert status == 503
    assert headers["Content-Type"] == "application/json"
    assert json.loads(body) == {"ok": False, "checks": {"relay-0": "Kafka did not answer"}}
    assert (await ask(port, "GET /livez"))[0] == 503


async def test_metrics_are_served_without_created_series(port: int) -> None:
    metrics.child(metrics.EVENTS_RECEIVED, "some.topic").inc(3)

    status, headers, body = await ask(port, "GET /metrics")
    assert status == 200
    assert headers["Content-Type"].startswith("text/plain")
    assert b'patron_events_received_total{topic="some.topic"} 3.0' in body
    assert b"_created" not in body


@pytest.mark.parametrize(
    ("request_line", "status"),
    [("GET /nowhere", 404), ("POST /metrics", 405), ("HEAD /livez", 200), ("HEAD /nowhere", 404)],
)
async def test_other_requests_are_answered(port: int, request_line: str, status: int) -> None:
    found, headers, body = await ask(port, request_line)

    assert found == status
    assert request_line.startswith("GET") or body == b""
    assert "Content-Length" in headers


async def test_noise_on_the_port_disturbs_nobody(port: int) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(b"\x16\x03\x01" * 4000)
    async with asyncio.timeout(10):
        assert await reader.read() == b""
    writer.close()

    assert (await ask(port, "GET /livez"))[0] == 200
