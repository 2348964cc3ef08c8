"""The telemetry port: /metrics, and whether this process lives, started and gets on.

Live: the event loop answers and nothing stalls. Ready: every role has what it needs and
moves. A check is a function that gives None, or a sentence that says what is wrong.
"""

import asyncio
import json
from collections.abc import Callable, Mapping
from http import HTTPStatus

from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from patron.errors import Misconfigured

Check = Callable[[], str | None]
REQUEST_BYTES_MAX = 8192
REQUEST_WAIT_S = 5.0


class Health:
    """What the roles of a process say of themselves."""

    def __init__(self) -> None:
        self.started: dict[str, bool] = {}
        self.live: dict[str, Check] = {}
        self.ready: dict[str, Check] = {}

    def begin(self, role: str) -> None:
        """A role is on its way up."""
        self.started[role] = False

    def started_up(self, role: str) -> None:
        """A role has all that it needs."""
        self.started[role] = True

    def answer(self, path: str) -> tuple[HTTPStatus, str, bytes]:
        """Status, content type and body for a path."""
        if path == "/metrics":
            return HTTPStatus.OK, CONTENT_TYPE_LATEST, generate_latest()
        checks: Mapping[str, str | None]
        if path == "/livez":
            checks = {name: check() for name, check in self.live.items()}
        elif path == "/readyz":
            checks = self._started() | {name: check() for name, check in self.ready.items()}
        elif path == "/startupz":
            checks = self._started()
        else:
            body = b"here are /metrics /livez /readyz /startupz\n"
            return HTTPStatus.NOT_FOUND, "text/plain", body
        well = all(said is None for said in checks.values())
        status = HTTPStatus.OK if well else HTTPStatus.SERVICE_UNAVAILABLE
        said = {"ok": well, "checks": {name: said or "ok" for name, said in checks.items()}}
        return status, "application/json", json.dumps(said).encode() + b"\n"

    def _started(self) -> dict[str, str | None]:
        return {role: None if up else "is starting" for role, up in self.started.items()}


async def serve(health: Health, *, host: str, port: int) -> asyncio.Server:
    """Serve the telemetry port until the server is closed. Raises `Misconfigured`."""

    async def one(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            async with asyncio.timeout(REQUEST_WAIT_S):
                head = await reader.readuntil(b"\r\n\r\n")
            method, target, *_ = head.split(b"\r\n", 1)[0].decode("latin-1").split(" ")
            status, kind, body = health.answer(target.partition("?")[0])
            if method not in ("GET", "HEAD"):
                status, kind, body = HTTPStatus.METHOD_NOT_ALLOWED, "text/plain", b""
            lines = (
                f"HTTP/1.1 {status.value} {status.phrase}",
                f"Content-Type: {kind}",
                f"Content-Length: {len(body)}",
                "Connection: close\r\n\r\n",
            )
            writer.write("\r\n".join(lines).encode() + (b"" if method == "HEAD" else body))
            await writer.drain()
        except (TimeoutError, ValueError, EOFError, ConnectionError, asyncio.LimitOverrunError):
            return  # Not a request, or nobody waits for the answer any more.
        finally:
            writer.close()

    try:
        return await asyncio.start_server(one, host, port, limit=REQUEST_BYTES_MAX)
    except OSError as error:
        raise Misconfigured(
            f"PATRON_TELEMETRY__HOST and PATRON_TELEMETRY__PORT: {host}:{port} can't be listened "
            f"on ({error.strerror}); choose another port, or 0 for any free one"
        ) from None
