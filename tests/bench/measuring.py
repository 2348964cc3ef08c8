"""What processes and tables used, read from outside of them."""

import platform
from collections.abc import Mapping
from pathlib import Path
from statistics import quantiles
from typing import Any

import psutil

from patron.local.stack import Stack
from patron.store.pool import Connection


def server_pids(servers: Stack) -> dict[str, int]:
    """The servers of a stack by name."""
    assert servers.kafka is not None
    assert servers.postgres is not None
    return {"kafka": servers.kafka.pid, "postgres": servers.postgres.pid}


def cpu_s(pid: int) -> float:
    """CPU seconds of a process and its children, ended ones included where it reaped them."""
    process = psutil.Process(pid)
    times = process.cpu_times()
    total = times.user + times.system + times.children_user + times.children_system
    for child in process.children(recursive=True):
        try:
            times = child.cpu_times()
        except psutil.NoSuchProcess:
            continue
        total += times.user + times.system
    return float(total)


def cpus_s(pids: Mapping[str, int]) -> dict[str, float]:
    """CPU seconds of several processes, each with its children."""
    return {name: cpu_s(pid) for name, pid in pids.items()}


def peak_rss_mb(pid: int) -> int:
    """The most memory that a process has had at once; what it has now where nobody counts."""
    try:
        lines = Path(f"/proc/{pid}/status").read_text("ascii").splitlines()
    except OSError:
        return round(psutil.Process(pid).memory_info().rss / 2**20)
    (peak,) = [line for line in lines if line.startswith("VmHWM:")]
    return round(int(peak.split()[1]) / 2**10)


async def table_bytes(connection: Connection) -> int:
    """What all tables and indexes of a database take."""
    return int(
        await connection.fetchval(
            "SELECT sum(pg_total_relation_size(oid)) FROM pg_class "
            "WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace"
        )
    )


def spread_ms(latencies_ms: list[float]) -> dict[str, float]:
    """Median, 99th percentile and maximum."""
    cuts = quantiles(latencies_ms, n=100)
    return {
        "count": len(latencies_ms),
        "p50": round(cuts[49], 1),
        "p99": round(cuts[98], 1),
        "max": round(max(latencies_ms), 1),
    }


def machine() -> dict[str, Any]:
    """Where it ran."""
    return {
        "cores": psutil.cpu_count(),
        "memory_gb": round(psutil.virtual_memory().total / 2**30),
        "python": platform.python_version(),
        "system": platform.platform(),
    }
