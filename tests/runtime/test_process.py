"""A process of roles: how it ends, with which code, and what it says."""

import os
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest

DEADLINE_S = 30.0

START = """
import asyncio, sys
from patron.errors import *
from patron.runtime import logs, process
from patron.runtime.settings import load
logs.set_up(level="info", style="json", service="test")
settings = load({
    "PATRON_KAFKA__BOOTSTRAP_SERVERS": "kafka:9092",
    "PATRON_DATABASE__DSN": "postgresql://db/patron",
    "PATRON_SECRETS__MASTER_KEY": "a2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2s=",
    "PATRON_TELEMETRY__PORT": "0",
})
async def waits(stopping, health):
    health.started_up("waits")
    print("up", flush=True)
    await stopping.wait()
    print("finished", flush=True)
"""


def started(script: str) -> "subprocess.Popen[str]":
    """A process of its own, since what is tried is how it ends."""
    text = START + textwrap.dedent(script)
    return subprocess.Popen(
        [sys.executable, "-c", text],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def ended(process: "subprocess.Popen[str]") -> tuple[int, str, str]:
    try:
        out, err = process.communicate(timeout=DEADLINE_S)
    finally:
        process.kill()
    return process.returncode, out, err


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_lets_every_role_finish(number: signal.Signals) -> None:
    process = started('sys.exit(process.run(settings, {"waits": waits}))')
    assert process.stdout is not None
    assert process.stdout.readline() == "up\n"
    os.kill(process.pid, number)
    code, out, err = ended(process)

    assert (code, out) == (0, "finished\n"), err
    assert "Traceback" not in err


def test_a_role_that_ends_ends_the_others_in_order() -> None:
    code, out, err = ended(
        started(
            """
            async def ends(stopping, health):
                pass
            sys.exit(process.run(settings, {"waits": waits, "ends": ends}))
            """
        )
    )
    assert (code, out) == (0, "up\nfinished\n"), err


@pytest.mark.parametrize(
    ("fault", "code", "said"),
    [
        ('Misconfigured("PATRON_X is wrong")', 78, "patron: PATRON_X is wrong\n"),
        ('StoreUnavailable("no database")', 75, "no database"),
        ('ExceptionGroup("", [StoreUnavailable("no database")])', 75, "no database"),
        ('ValueError("a bug")', 1, "ValueError: a bug"),
    ],
)
def test_the_code_says_who_has_to_act(fault: str, code: int, said: str) -> None:
    found, out, err = ended(
        started(
            f"""
            async def fails(stopping, health):
                await asyncio.sleep(0)
                raise {fault}
            sys.exit(process.run(settings, {{"waits": waits, "fails": fails}}))
            """
        )
    )
    assert (found, out) == (code, "up\nfinished\n"), err
    assert said in err
    assert ("Traceback" in err) == (code == 1)


def test_a_stop_that_takes_too_long_is_cut_even_where_the_loop_is_blocked() -> None:
    process = started(
        """
        import time
        process.STOP_S_MAX = 0.5
        async def blocks(stopping, health):
            print("up", flush=True)
            await stopping.wait()
            time.sleep(60)
        sys.exit(process.run(settings, {"blocks": blocks}))
        """
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "up\n"
    began = time.monotonic()
    process.terminate()
    code, _, err = ended(process)

    assert code == 75
    assert "ended" in err
    assert time.monotonic() - began < 10


def test_a_taken_telemetry_port_is_named(tmp_path: Path) -> None:
    code, _, err = ended(
        started(
            """
            import socket
            taken = socket.create_server(("127.0.0.1", 0))
            port = taken.getsockname()[1]
            part = settings.telemetry.model_copy(update={"port": port})
            settings = settings.model_copy(update={"telemetry": part})
            sys.exit(process.run(settings, {"waits": waits}))
            """
        )
    )
    assert code == 78
    assert "PATRON_TELEMETRY__PORT" in err
