"""A process: roles side by side until one fails or somebody says stop.

A stop is asked for, never forced on a role: each finishes what it has in hand. What can't
stop in time is ended, and loses nothing, since nothing uncommitted counts.

Exit codes: 0 after a clean stop, 75 when stopping took too long or a fault did not pass,
78 when a person must mend a setting (the numbers of sysexits.h). A bug keeps its trace.
"""

import asyncio
import gc
import os
import signal
import sys
import threading
import time
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from importlib.metadata import version
from typing import Any, TypeVar

import structlog

from patron.errors import Misconfigured, PatronError, Transient
from patron.runtime import failpoints, metrics
from patron.runtime.health import Health, serve
from patron.runtime.settings import Settings

log = structlog.get_logger()

T = TypeVar("T")

EX_OK, EX_TEMPFAIL, EX_CONFIG = 0, 75, 78
STOP_S_MAX = 15.0
COLLECT_YOUNG_S, COLLECT_ALL_S = 5.0, 60.0
GRACE_S = 4.0  # For what is in hand when a stop is asked for; leaving a group takes its own.

Role = Callable[[asyncio.Event, Health], Awaitable[None]]


def run(settings: Settings, roles: Mapping[str, Role]) -> int:
    """Run roles to their end; return the exit code. Raises what is a bug."""
    failpoints.arm(settings.testing.fail_at)
    metrics.BUILD.info({"version": version("patron")})
    try:
        with asyncio.Runner(loop_factory=_loop_factory()) as runner:
            runner.run(_run(settings, roles))
    except Misconfigured as error:
        print(f"patron: {error}", file=sys.stderr)
        return EX_CONFIG
    except PatronError as error:
        log.error("process.gave_up", error=str(error))
        return EX_TEMPFAIL
    return EX_OK


async def _run(settings: Settings, roles: Mapping[str, Role]) -> None:
    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopping.set)
    health = Health()
    server = await serve(health, host=settings.telemetry.host, port=settings.telemetry.port)
    port = server.sockets[0].getsockname()[1]
    log.info("process.started", roles=sorted(roles), telemetry_port=port)
    for name in roles:
        health.begin(name)
    limit = asyncio.create_task(_limit(stopping))
    try:
        work = [_one(name, role, stopping, health) for name, role in roles.items()]
        faults = [fault for fault in await asyncio.gather(*work) if fault is not None]
    finally:
        limit.cancel()
        server.close()
    for fault in sorted(faults, key=_weight):
        raise fault
    log.info("process.stopped")


async def _one(
    name: str, role: Role, stopping: asyncio.Event, health: Health
) -> BaseException | None:
    """Run a role to its end; return what ended it. The others are asked to stop then.

    Half a process is worse than none. They are not cancelled: a client of Kafka that is
    cancelled in a poll keeps its place in the group for ever.
    """
    fault: BaseException | None = None
    try:
        await role(stopping, health)
    except Exception as error:
        fault = _first(error)
        log.error("role.failed", role=name, error=_told(fault))
    stopping.set()
    log.info("role.ended", role=name)
    return fault


def _first(error: BaseException) -> BaseException:
    """The heaviest fault of a group of them."""
    if isinstance(error, BaseExceptionGroup):
        return min((_first(each) for each in error.exceptions), key=_weight)
    return error


def _weight(fault: BaseException) -> int:
    """Bugs first, since they hide the rest; then what a person must mend; then what passes."""
    return 2 if isinstance(fault, Transient) else 1 if isinstance(fault, PatronError) else 0


def _told(fault: BaseException) -> str:
    # The text of an error that is not ours may hold what an event said.
    return str(fault) if isinstance(fault, PatronError) else type(fault).__name__


async def _limit(stopping: asyncio.Event) -> None:
    """End the process when a stop takes too long, even if its loop does not turn any more."""
    await stopping.wait()
    log.info("process.stopping")
    timer = threading.Timer(STOP_S_MAX, _end)
    timer.daemon = True
    timer.start()
    try:
        await asyncio.Event().wait()
    finally:
        timer.cancel()


def _end() -> None:
    os.write(2, f"patron: still busy {STOP_S_MAX:.0f} s after the stop; ended\n".encode())
    os._exit(EX_TEMPFAIL)


async def in_hand(
    work: Coroutine[Any, Any, T], stopping: asyncio.Event, *, grace_s: float = GRACE_S
) -> T:
    """Do `work`; once a stop is asked for it has `grace_s` left.

    Raises `Transient` where it was cut: it may have been done, so ask before doing it
    again. Not for a poll of Kafka, which must never be cut.
    """
    doing = asyncio.ensure_future(work)
    asked = asyncio.ensure_future(stopping.wait())
    try:
        await asyncio.wait({doing, asked}, return_when=asyncio.FIRST_COMPLETED)
        if not doing.done():
            await asyncio.wait({doing}, timeout=grace_s)
        if not doing.done():
            doing.cancel()
            await asyncio.wait({doing})
            if doing.cancelled():
                raise Transient(f"cut {grace_s:.0f} s after a stop was asked for")
        return doing.result()
    finally:
        asked.cancel()
        doing.cancel()  # Where we ourselves are cancelled; else it is done.


class Collector:
    """The cyclic collector, off inside a batch and run between batches.

    Values of a batch live and die together: to walk them over and over costs more than
    to make them. What a start has made lives as long as the process, and is frozen.
    """

    def __init__(self) -> None:
        gc.collect()
        gc.freeze()
        gc.disable()
        self._young_at = self._all_at = time.monotonic()

    def between_batches(self) -> None:
        """Collect, if it is long enough ago."""
        now = time.monotonic()
        if now - self._all_at > COLLECT_ALL_S:
            gc.collect()
            self._young_at = self._all_at = now
        elif now - self._young_at > COLLECT_YOUNG_S:
            gc.collect(1)
            self._young_at = now


def _loop_factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    try:
        import uvloop
    except ImportError:  # It has no wheel for Windows.
        return None

    return uvloop.new_event_loop
