"""`patron local`: a Kafka and a Postgres on this machine, without Docker."""

from typing import Annotated

import typer

from patron.cli.environment import as_json, local_environment
from patron.local import stack

app = typer.Typer(help="A Kafka and a Postgres on this machine, without Docker.")

Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]


def say(text: str) -> None:
    """Tell a person what is going on."""
    typer.echo(text, err=True)


@app.command()
def up(json: Json = False) -> None:
    """Start what does not run yet."""
    home = stack.default_home()
    home.mkdir(parents=True, exist_ok=True)
    started = stack.up(home, say=say)
    if started.ran_already:
        say("It ran already.")
    environment = local_environment(home)
    if json:
        typer.echo(as_json(environment))
        return
    say("Commands in this folder find it by themselves. Elsewhere, set:")
    for name, value in environment.items():
        typer.echo(f"export {name}='{value}'")


@app.command()
def down() -> None:
    """End what `up` started."""
    if not stack.down(stack.default_home(), say=say):
        say("Nothing ran.")


@app.command()
def status(json: Json = False) -> None:
    """Say what runs, and where."""
    known = stack.status(stack.default_home())
    runs = known is not None and known.is_up
    if json:
        place = {"bootstrap": known.bootstrap, "dsn": known.dsn} if known else {}
        typer.echo(as_json({"up": runs, **place}))
    elif known is None:
        typer.echo("Nothing was started here: patron local up")
    else:
        typer.echo(f"Kafka     {known.bootstrap:<28} {'runs' if known.kafka else 'is down'}")
        typer.echo(f"Postgres  {known.dsn:<28} {'runs' if known.postgres else 'is down'}")
    raise typer.Exit(0 if runs else 1)
