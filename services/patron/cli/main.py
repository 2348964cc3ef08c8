"""`patron`: the commands, put together. Errors become one clear line and an exit code."""

import sys

import typer

from patron.cli import (
    closings,
    dead_letters,
    members,
    partitions,
    pools,
    programs,
    quoting,
    reconciling,
    running,
    setting_up,
    settling,
    stack,
    starting,
)
from patron.errors import Misconfigured, PatronError
from patron.runtime.process import EX_CONFIG, EX_TEMPFAIL

app = typer.Typer(
    help="Patron: an event-driven loyalty engine.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
)
for room in (running, starting, programs, members, quoting, closings, setting_up):
    room.add_to(app)
for room in (partitions, reconciling, settling):
    room.add_to(app)
app.add_typer(stack.app, name="local")
app.add_typer(dead_letters.app, name="dlq")
app.add_typer(pools.app, name="pool")


def main() -> None:
    """Run the command line; the entry point of the distribution."""
    try:
        app()
    except Misconfigured as error:
        print(f"patron: {error}", file=sys.stderr)
        sys.exit(EX_CONFIG)
    except PatronError as error:
        print(f"patron: {error}", file=sys.stderr)
        sys.exit(EX_TEMPFAIL)
