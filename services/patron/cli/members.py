"""`patron member`, `patron explain`, `patron access`: what a member has, why, and may have."""

from datetime import datetime
from itertools import takewhile
from typing import Annotated, Any

import typer

from patron.cli.environment import as_json, now_of, served, with_pool
from patron.core.access import may_have
from patron.core.account import State
from patron.core.facts import EventName, Who
from patron.engine.catalogue import Served, Tenant
from patron.engine.history import Told, as_of, fold
from patron.engine.statement import proof_words, reasons, shown, what
from patron.errors import Misconfigured
from patron.store import accounts, ledger
from patron.store import members as members_table
from patron.store.pool import Pool, snapshot
from patron.store.sealing import Sealer
from patron.wire.identity import who_key

Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]
TenantName = Annotated[str, typer.Option(help="Whose member it is.")]
ProgramName = Annotated[str | None, typer.Option(help="In which program, if there are several.")]


def add_to(app: typer.Typer) -> None:
    """Add these commands."""
    app.command()(member)
    app.command()(explain)
    app.command()(access)


async def history(
    pool: Pool, whose: Tenant, found: Served, *, member: str
) -> tuple[State, list[Told]]:
    """An account with its entries decided again. Raises `Misconfigured` for nobody."""
    async with snapshot(pool) as connection:
        name = ("id", who_key(Who("id", member)))
        known = await members_table.find(connection, whose.number, [name])
        row = None
        if name in known:
            row = await accounts.read(connection, program=found.number, member=known[name].member)
        if row is None:
            raise Misconfigured(f'{whose.name} has no member "{member}" in {found.name}')
        if known[name].is_erased:
            raise Misconfigured(
                f'member "{member}" was erased: account {row.account} keeps its sums, nobody has it'
            )
        entries = await ledger.entries(connection, row.account)
    return fold(entries, member=member, served=found)


def member(
    name: Annotated[str, typer.Argument(metavar="MEMBER", help="The member's id.")],
    tenant: TenantName = "default",
    program: ProgramName = None,
    json: Json = False,
) -> None:
    """Show what a member has, as far as time has come."""

    async def work(pool: Pool, sealer: Sealer) -> tuple[State, Served]:
        whose, found = await served(pool, sealer, tenant=tenant, program=program)
        state, _ = await history(pool, whose, found, member=name)
        now = await now_of(pool, whose)
        if now is not None:
            state = as_of(state, tenant=tenant, served=found, until=now)
        return state, found

    state, found = with_pool(work)
    compiled = found.lineage.at(state.account.at)
    assert compiled is not None, "an account is younger than its program"
    account = shown(state, program=compiled)
    if json:
        typer.echo(as_json(account))
        return
    typer.echo(f"{name} in {found.name}: {account['tier'] or 'no tiers'}")
    for asset, balance in account["balances"].items():
        parts = ", ".join(f"{amount} {side}" for side, amount in balance.items() if amount)
        typer.echo(f"  {asset}: {parts or 'nothing'}")
    for lot in account["lots"]:
        ends = f"until {lot['ends_at']}" if lot["ends_at"] else "without an end"
        waits = f" to {lot['available_at']}" if "available_at" in lot else ""
        typer.echo(f"    {lot['remaining']} {lot['state']}{waits}, {ends} ({lot['rule']})")
    for grant in account["grants"]:
        typer.echo(f"  {grant['reward']} {grant['grant']}: {grant['state']}")
    for kind in ("segments", "entitlements"):
        for each, ends in account.get(kind, {}).items():
            typer.echo(f"  {kind[:-1]} {each}{f', until {ends}' if ends else ''}")


def explain(
    name: Annotated[str, typer.Argument(metavar="MEMBER", help="The member's id.")],
    event: Annotated[str | None, typer.Option(help="Only the event with this id.")] = None,
    tenant: TenantName = "default",
    program: ProgramName = None,
    json: Json = False,
) -> None:
    """Say why a member has what they have: each entry, decided again, with its proof."""

    async def work(pool: Pool, sealer: Sealer) -> list[Told]:
        whose, found = await served(pool, sealer, tenant=tenant, program=program)
        return (await history(pool, whose, found, member=name))[1]

    told = with_pool(work)
    wanted = [each for each in told if event is None or each.decision.fact.name.id == event]
    if not wanted:
        raise Misconfigured(f'{name} has no entry of event "{event}"')
    for each in wanted:
        typer.echo(as_json(_proof(each)) if json else _in_words(each, details=event is not None))


def access(
    name: Annotated[str, typer.Argument(metavar="MEMBER", help="The member's id.")],
    thing: Annotated[str, typer.Argument(metavar="THING", help="A drop, or an entitlement.")],
    at: Annotated[
        datetime | None,
        typer.Option(formats=["%Y-%m-%dT%H:%M:%S%z"], help="When: 2027-09-10T10:00:00+02:00."),
    ] = None,
    tenant: TenantName = "default",
    program: ProgramName = None,
    json: Json = False,
) -> None:
    """Say whether a member may have something now, or at an instant. It changes nothing."""

    async def work(pool: Pool, sealer: Sealer) -> tuple[State, Served, datetime]:
        whose, found = await served(pool, sealer, tenant=tenant, program=program)
        state, told = await history(pool, whose, found, member=name)
        instant = at or await now_of(pool, whose) or state.account.at
        by_then = takewhile(lambda entry: entry.at <= instant, (each.entry for each in told))
        state, _ = fold(by_then, member=name, served=found)
        return as_of(state, tenant=tenant, served=found, until=instant), found, instant

    state, found, instant = with_pool(work)
    in_force = found.lineage.at(instant)
    if in_force is None:
        raise Misconfigured(f"{found.name} was not in force then")
    answer = may_have(in_force, state.account, thing, at=instant)
    if json:
        typer.echo(as_json(answer._asdict()))
        return
    rest = ", ".join(f"{what} {value}" for what, value in answer.data.items())
    typer.echo(" ".join(filter(None, ("yes" if answer.granted else "no:", answer.code, rest))))


def _proof(told: Told) -> dict[str, Any]:
    entry, program, decision = told
    name: EventName = decision.fact.name
    return {
        "entry": entry.seq,
        "at": entry.at.isoformat(),
        "recorded_at": entry.recorded_at.isoformat(),
        "event": {"source": name.source, "id": name.id},
        "what": what(decision.fact),
        "program": program.name,
        "version": program.version,
        "proofs": [proof._asdict() for proof in decision.proofs],
        "lots": [lot._asdict() for lot in decision.opened],
        "takes": [take._asdict() for take in decision.takes],
        "answer": decision.answer._asdict() if decision.answer else None,
        "hash": entry.hash.hex(),
    }


def _in_words(told: Told, *, details: bool) -> str:
    entry, program, decision = told
    head = f"{entry.seq:>5}  {entry.at:%Y-%m-%d %H:%M}  {what(decision.fact)}"
    lines = [head, *(f"{'':26}{reason}" for reason in reasons(decision, program))]
    if details:
        lines += [f"{'':26}{proof_words(p, program)}" for p in decision.proofs if not p.amount]
        lines.append(
            f"{'':26}by {program.name} version {program.version}, entry {entry.hash.hex()}"
        )
    return "\n".join(lines)
