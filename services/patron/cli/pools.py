"""`patron pool`: what members share of a program, and the codes that its rewards draw."""

from pathlib import Path
from typing import Annotated

import typer

from patron.cli.environment import as_json, served, with_pool
from patron.core.pools import codes_pool
from patron.engine.catalogue import Served, Tenant
from patron.errors import Misconfigured
from patron.store import codes, pools
from patron.store.pool import Pool, session, transaction
from patron.store.pools import PoolFigures
from patron.store.sealing import Sealer

app = typer.Typer(help="What members share: stock, budgets and codes.", no_args_is_help=True)

Whose = Annotated[str, typer.Option(help="Whose program it is.")]
Which = Annotated[str | None, typer.Option(help="Which, if there are several.")]


@app.command()
def load(
    reward: Annotated[str, typer.Argument(metavar="REWARD", help="The reward that draws them.")],
    file: Annotated[Path, typer.Argument(metavar="FILE", help="One code a line.")],
    tenant: Whose = "default",
    program: Which = None,
) -> None:
    """Load codes, to be given each to one member. Those that are there already are left out."""
    found = list(dict.fromkeys(filter(None, map(str.strip, _text(file).splitlines()))))

    async def work(pool: Pool, sealer: Sealer) -> int:
        whose, which = await served(pool, sealer, tenant=tenant, program=program)
        _check_draws(which, reward)
        async with transaction(pool) as connection:
            return await codes.load(
                connection,
                sealer,
                tenant=whose.number,
                program=which.number,
                pool=codes_pool(reward),
                codes=[_new(whose, reward, text) for text in found],
            )

    fresh = with_pool(work)
    typer.echo(f"{fresh} codes loaded, {len(found) - fresh} were there already.")


@app.command()
def show(
    tenant: Whose = "default",
    program: Which = None,
    json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Show how much of each pool is used and held, and of codes how many are left."""

    async def work(pool: Pool, sealer: Sealer) -> list[PoolFigures]:
        whose, which = await served(pool, sealer, tenant=tenant, program=program)
        async with session(pool) as connection:
            return await pools.listed(connection, tenant=whose.number, program=which.number)

    for each in with_pool(work):
        typer.echo(as_json(_figures(each)) if json else _in_words(each))


def _text(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise Misconfigured(f"{file}: {error}") from None


def _check_draws(served: Served, reward: str) -> None:
    spec = served.lineage.versions[-1].program.rewards.get(reward)
    if spec is None or not spec.draws_codes:
        raise Misconfigured(
            f'{served.name} has no reward "{reward}" of kind: code with codes: loaded'
        )


def _new(tenant: Tenant, reward: str, text: str) -> codes.NewCode:
    return codes.NewCode(tenant.hasher.code(reward, text), text)


def _figures(each: PoolFigures) -> dict[str, object]:
    figures: dict[str, object] = {"pool": each.pool, "used": each.used, "held": each.held}
    if _is_codes(each):
        figures |= {"loaded": each.loaded, "left": _left(each)}
    return figures


def _in_words(each: PoolFigures) -> str:
    words = f"{each.pool:40} used {each.used}, held {each.held}"
    return f"{words}, left {_left(each)} of {each.loaded}" if _is_codes(each) else words


def _is_codes(each: PoolFigures) -> bool:
    return each.pool.startswith(codes_pool(""))


def _left(each: PoolFigures) -> int:
    return each.loaded - each.used - each.held
