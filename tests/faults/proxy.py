"""A TCP proxy of our own: whatever a network does to a connection, when a test says so."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

CHUNK_BYTES = 16 * 1024


class Proxy:
    """Between clients and one server on this machine."""

    def __init__(self, server_port: int) -> None:
        self.port = 0
        self.cuts = 0
        self.delay_s = 0.0  # Of each piece that the server sends.
        self.bytes_max: int | None = None  # A connection that has carried so much is cut.
        self._server_port = server_port
        self._flows = asyncio.Event()
        self._flows.set()
        self._writers: set[asyncio.StreamWriter] = set()
        self._tasks: set[asyncio.Task[None]] = set()

    def pause(self) -> None:
        """Nothing arrives any more, and nobody is told."""
        self._flows.clear()

    def resume(self) -> None:
        """What was held back arrives now."""
        self._flows.set()

    def cut(self) -> None:
        """Every connection is reset; new ones are let through."""
        self.cuts += 1
        for writer in list(self._writers):
            writer.transport.abort()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Carry one client's connection to its end."""
        try:
            up_reader, up_writer = await asyncio.open_connection("127.0.0.1", self._server_port)
        except OSError:  # The server is away: so are we.
            writer.transport.abort()
            return
        self._writers |= {writer, up_writer}
        carried = [0]
        ways = [
            asyncio.create_task(self._carry(reader, up_writer, carried, delayed=False)),
            asyncio.create_task(self._carry(up_reader, writer, carried, delayed=True)),
        ]
        self._tasks.update(ways)
        await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        for each in (writer, up_writer):
            self._writers.discard(each)
            each.transport.abort()
        await asyncio.wait(ways)
        self._tasks.difference_update(ways)

    async def _carry(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        carried: list[int],
        *,
        delayed: bool,
    ) -> None:
        with suppress(ConnectionError, asyncio.CancelledError):
            while piece := await reader.read(CHUNK_BYTES):
                await self._flows.wait()
                if delayed and self.delay_s:
                    await asyncio.sleep(self.delay_s)
                carried[0] += len(piece)
                if self.bytes_max is not None and carried[0] > self.bytes_max:
                    self.cuts += 1
                    return
                writer.write(piece)
                await writer.drain()

    def end(self) -> None:
        """Let go of everything."""
        self._flows.set()
        for task in self._tasks:
            task.cancel()


@asynccontextmanager
async def proxied(server_port: int, *, port: int = 0) -> AsyncIterator[Proxy]:
    """A proxy before a server of this machine, on a port that was told to it or on any."""
    proxy = Proxy(server_port)
    server = await asyncio.start_server(proxy.serve, "127.0.0.1", port)
    proxy.port = server.sockets[0].getsockname()[1]
    try:
        yield proxy
    finally:
        server.close()
        proxy.cut()
        proxy.end()
