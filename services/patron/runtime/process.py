"""A process: roles side by side until one fails or somebody says stop.

Exit codes: 0 after a clean stop, 75 when stopping took too long or a fault passed, 78
when a person must mend a setting (the numbers of sysexits.h).
"""

import asyncio
import gc
import os
import signal
import sys
from collections.abc import Awaitable, Callable, Mapping

import structlog

from patron.errors import Misconfigured, Transient
from patron.runtime.health import Health, serve
from patron.runtime.settings import Settings

log = structlog.get_logger()

EX_OK, EX_SOFTWARE, EX_TEMPFAIL, EX_CONFIG = 0, 70, 75, 78
STOP_S_MAX = 15.0

Role = Callable[[asyncio.Event, Health], Awaitable[None]]


def run(settings: Settings, roles: Mapping[str, Role]) -> int:
    """Run roles to their end; return the exit code."""
    # Values of a batch live and die together: the collector would only walk them again.
    gc.collect()
    gc.freeze()
    gc.disable()
    try:
        with asyncio.Runner(loop_factory=_loop_factory()) as runner:
            runner.run(_run(settings, roles))
    except Misconfigured as error:
        print(f"patron: {error}", file=sys.stderr)
        return EX_CONFIG
    except Transient as error:
        log.error("process.gave_up", error=str(error))
        return EX_TEMPFAIL
    return EX_OK


async def _run(settings: Settings, roles: Mapping[str, Role]) -> None:
    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, _stop, loop, stopping)
    health = Health()
    server = await serve(health, host=settings.telemetry.host, port=settings.telemetry.port)
    port = server.sockets[0].getsockname()[1]
    log.info("process.started", roles=sorted(roles), telemetry_port=port)
    try:
        async with asyncio.TaskGroup() as group:
            for name, role in roles.items():
                health.begin(name)
                group.create_task(_one(name, role, stopping, health))
    except* (Misconfigured, Transient) as errors:
        raise errors.exceptions[0] from None
    finally:
        server.close()
    log.info("process.stopped")


async def _one(name: str, role: Role, stopping: asyncio.Event, health: Health) -> None:
    """A role that ends takes the others with it: half a process is worse than none."""
    try:
        await role(stopping, health)
    finally:
        stopping.set()
        log.info("role.ended", role=name)


def _stop(loop: asyncio.AbstractEventLoop, stopping: asyncio.Event) -> None:
    if not stopping.is_set():
        stopping.set()
        # What can't stop in time is ended: nothing is lost, since nothing uncommitted counts.
        loop.call_later(STOP_S_MAX, os._exit, EX_TEMPFAIL)


def _loop_factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    try:
        import uvloop
    except ImportError:  # It has no wheel for Windows.
        return None

    return uvloop.new_event_loop
