"""`make bench`: the reference job beside its peers, the grocer's year, or the core alone."""

import argparse
import asyncio
import json
import logging
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from statistics import median
from typing import Any

from rich.console import Console
from rich.table import Table

from bench import grocer, measuring
from bench.contenders import PEERS, Contender, Patron
from bench.pace import at_pace
from bench.side_by_side import side_by_side
from compiled.build import PROJECT, build, has_compiler
from patron.local import stack

EVENTS = 200_000


def main() -> None:
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("--job", choices=("reference", "grocer", "decisions"), default="reference")
    parser.add_argument("--events", type=int, default=EVENTS, help="of the reference job")
    parser.add_argument("--runs", type=int, default=3, help="medians are taken of so many")
    parser.add_argument("--alone", action="store_true", help="without the peers")
    parser.add_argument("--workers", default="1", help="how many intakes: 1,2,4")
    parser.add_argument("--pace", help="latency at so many events a second: 1000,5000")
    parser.add_argument("--phases", action="store_true", help="where the intake's CPU goes")
    parser.add_argument("--compare", metavar="REV", help="with Patron as of this revision, too")
    parser.add_argument("--households", type=int, help="of the grocer's, fewer than all 2,469")
    parser.add_argument("--plain", action="store_true", help="without compiling the core")
    parser.add_argument("--json", type=Path, help="write the figures there, but for decisions")
    arguments = parser.parse_args()
    # What the client retries by itself is nothing that a person has to look at.
    logging.getLogger("aiokafka").setLevel(logging.ERROR)
    with ExitStack() as open_until_the_end:
        home = Path(open_until_the_end.enter_context(_folder()))
        path = _compiled(PROJECT, home / "compiled", plain=arguments.plain)
        if arguments.job == "decisions":
            per_s = decisions_per_s(path, runs=arguments.runs)
            print(f"Decisions a second, the core alone: {per_s:,}")
            return
        old = []
        if arguments.compare:
            tree = open_until_the_end.enter_context(_worktree(arguments.compare, home))
            old = _compiled(tree, home / "compiled-old", plain=arguments.plain)
        servers = open_until_the_end.enter_context(stack.running(home, say=say))
        if arguments.job == "grocer":
            os.environ["PYTHONPATH"] = os.pathsep.join(map(str, path))
            figures = asyncio.run(grocer.Bench(servers, home).run(arguments.households))
            grocer.show(figures)
        else:
            figures = asyncio.run(_reference(servers, home / "runs", arguments, path, old))
    if arguments.json:
        report = {"job": arguments.job, "figures": figures, "machine": measuring.machine()}
        arguments.json.write_text(json.dumps(report, indent=1), "utf-8")


async def _reference(
    servers: stack.Stack,
    folder: Path,
    arguments: argparse.Namespace,
    path: list[Path],
    old: list[Path],
) -> dict[str, Any]:
    contenders: list[Contender] = [] if arguments.alone else [*PEERS]
    for intakes in map(int, arguments.workers.split(",")):
        more = f", {intakes} intakes" if intakes > 1 else ""
        contenders.append(Patron(f"Patron{more}", path=path, intakes=intakes))
        if old:
            contenders.append(Patron(f"{arguments.compare}{more}", path=old, intakes=intakes))
    if arguments.phases:
        contenders.append(Patron("Patron, sampled", path=path, sampled=True))
    figures: dict[str, Any] = await side_by_side(
        servers, folder, contenders, events=arguments.events, runs=arguments.runs, say=say
    )
    show_runs(figures)
    if arguments.phases:
        show_phases(figures["Patron, sampled"]["intake_us_by_phase"])
    paces = [int(each) for each in (arguments.pace or "").split(",") if each]
    paced = [await at_pace(servers, folder, Patron("Patron", path=path), per_s=n) for n in paces]
    for each in paced:
        show_pace(each)
    return {"runs": figures, "paced": paced}


def decisions_per_s(path: list[Path], *, runs: int) -> int:
    """The median of several runs, each in a process of its own."""
    sources = os.pathsep.join(map(str, [*path, PROJECT / "tests"]))
    command = [sys.executable, "-m", "bench.decisions"]
    environment = os.environ | {"PYTHONPATH": sources}
    said = [subprocess.check_output(command, env=environment, text=True) for _ in range(runs)]
    return round(median(map(float, said)))


def say(text: str) -> None:
    """To whoever waits; the figures alone go to the output."""
    print(text, file=sys.stderr, flush=True)


def _folder() -> "tempfile.TemporaryDirectory[str]":
    return tempfile.TemporaryDirectory(prefix="patron-bench-")


def _compiled(tree: Path, folder: Path, *, plain: bool) -> list[Path]:
    """Where the code of a tree lies: its sources, or a wheel with what is compiled of them."""
    if plain or not has_compiler():
        return [tree / "services", tree / "schemas"]
    say(f"Compiling {tree.name} (a minute or two).")
    return [build(folder, tree)]


@contextmanager
def _worktree(revision: str, home: Path) -> Iterator[Path]:
    """The project as of a revision, for the length of a block."""
    tree = home / "worktree"
    git = ("git", "-C", str(PROJECT), "worktree")
    subprocess.run([*git, "add", "--quiet", "--detach", str(tree), revision], check=True)
    try:
        yield tree
    finally:
        subprocess.run([*git, "remove", "--force", str(tree)], check=True)


def show_runs(figures: dict[str, dict[str, Any]]) -> None:
    """Print a table. CPU is in microseconds an event: a contender's own, and the servers'."""
    ours = figures["Patron"]["events_per_s"]
    table = Table(title="The reference job: medians, CPU in us an event", title_justify="left")
    table.add_column()
    for heading in ("events/s", "to Patron", "worker", "relay", "jobs", "postgres", "kafka"):
        table.add_column(heading, justify="right")
    for heading in ("peak MB", "table bytes", "exact"):
        table.add_column(heading, justify="right")
    for name, each in figures.items():
        cpu_us = dict(each["cpu_us_per_event"])
        others = [cpu_us.pop(who, None) for who in ("relay", "jobs", "postgres", "kafka")]
        table.add_row(
            name,
            f"{each['events_per_s']:,}",
            f"{each['events_per_s'] / ours:.2f}",
            f"{sum(cpu_us.values()):.1f}",
            *("" if us is None else f"{us:.1f}" for us in others),
            str(each["peak_rss_mb"]),
            str(each["table_bytes_per_event"]),
            {True: "yes", False: "NO", None: ""}[each["exact"]],
        )
    Console(width=120).print(table)


def show_phases(us: dict[str, float]) -> None:
    """Print where the CPU of an intake goes."""
    table = Table(title="The intake's CPU, us an event", title_justify="left", show_header=False)
    for phase, part_us in us.items():
        table.add_row(phase, f"{part_us:.1f}")
    table.add_row("together", f"{sum(us.values()):.1f}")
    Console().print(table)


def show_pace(paced: dict[str, Any]) -> None:
    """Print how long notices took."""
    latency = paced["notice_latency_ms"]
    print(
        f"At {paced['per_s']:,} events/s: from an event to its notice p50 {latency['p50']} ms, "
        f"p99 {latency['p99']} ms, max {latency['max']} ms, of {latency['count']:,}; "
        f"{paced['cores_used']} cores used"
    )


if __name__ == "__main__":
    main()
