"""`patron quote`: what a basket costs a member, what it would earn, and why not more."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, get_args

import typer

from patron.cli.environment import as_json, now_of, served, with_pool
from patron.cli.programs import instant, lineages
from patron.core.decision import Unfit
from patron.core.facts import OrderCompleted, OrderRefunded, Who
from patron.core.prices import PriceProof
from patron.core.program import Program
from patron.core.quote import Payable, Quote, QuotedLine, ReturnQuote, Usable
from patron.engine import quoting
from patron.engine.replay import REPLAY_KEY, Replay
from patron.engine.statement import proof_words
from patron.errors import Misconfigured
from patron.store.pool import Pool
from patron.store.sealing import Sealer
from patron.wire.identity import Hasher
from patron.wire.questions import read_question
from patron_schemas.envelope import Identifier

KINDS = get_args(Identifier.model_fields["kind"].annotation)
Asked = tuple[Quote | ReturnQuote | Unfit | None, Program | None]


def add_to(app: typer.Typer) -> None:
    """Add this command."""
    app.command()(quote)


def quote(
    program: Annotated[
        str, typer.Argument(metavar="PROGRAM", help="A published program's name, or a file.")
    ],
    member: Annotated[
        str, typer.Argument(metavar="MEMBER", help="The id, or phone:…, card:…, qr:…, email:…")
    ],
    basket: Annotated[
        Path,
        typer.Argument(
            metavar="BASKET.json",
            help='{"currency": "USD", "lines": [{"sku": "x", "quantity": "3", "paid": "9.00"}]}, '
            'paid being what a line costs everybody; or a return, {"order": "A1", "currency": '
            '"USD", "lines": [{"line": "1", "quantity": "1"}]}.',
        ),
    ],
    events: Annotated[
        Path | None, typer.Option(help="With a program's file: the events that came before.")
    ] = None,
    at: Annotated[
        str | None,
        typer.Option(help="At this instant; otherwise as far as time has come."),
    ] = None,
    tenant: Annotated[str, typer.Option(help="Whose program it is.")] = "default",
    json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Say what a basket costs a member and would bring, and why not more. Nothing moves.

    Of a return: what would come back.
    """
    question = _Question(member, basket, tenant, None if at is None else instant(at))
    if program.endswith((".yaml", ".yml")):
        said, compiled = _from_file(program, events, question)
    elif events is None:
        said, compiled = _from_tables(program, question)
    else:
        raise Misconfigured("events go with a program's file; a published program has its own")
    if said is None or compiled is None:
        raise Misconfigured(f"{program} is not in force at that time")
    if isinstance(said, Unfit):
        raise Misconfigured(f"{basket}: {said.detail}")
    if isinstance(said, ReturnQuote):
        shown, table = quoting.shown_return(said, compiled), _return_table(said, compiled)
    else:
        shown, table = quoting.shown_quote(said, compiled), _table(said, compiled)
    typer.echo(as_json(shown) if json else "\n".join(table))


class _Question:
    """A basket, whose it is, and when; names are hashed as whoever answers it does."""

    def __init__(self, member: str, basket: Path, tenant: str, at: datetime | None) -> None:
        self.tenant, self.at = tenant, at
        self._member, self._basket = member, basket

    def asked(self, hasher: Hasher, *, at: datetime) -> OrderCompleted | OrderRefunded:
        try:
            text = self._basket.read_bytes()
        except OSError as error:
            raise Misconfigured(f"{self._basket} can't be read ({error.strerror})") from None
        return read_question(
            text, source=self._basket.name, tenant=self.tenant, at=at, who=self._who(hasher)
        )

    def _who(self, hasher: Hasher) -> Who:
        kind, colon, value = self._member.partition(":")
        return hasher.who(kind, value) if colon and kind in KINDS else Who("id", self._member)


def _from_file(path: str, events: Path | None, question: _Question) -> Asked:
    [(name, lineage)] = lineages([path]).items()
    run = Replay({name: lineage})
    if events is not None:
        try:
            with events.open("rb") as lines:
                said = list(run.events(lines))
        except OSError as error:
            raise Misconfigured(f"{events} can't be read ({error.strerror})") from None
        for each in said:
            if "dead_letter" in each:
                typer.echo(f"{events}:{each['line']}: {each['detail']}", err=True)
    at = question.at or run.latest or datetime.now(UTC)
    asked = question.asked(Hasher(REPLAY_KEY), at=at)
    if isinstance(asked, OrderRefunded):
        return run.quoted_return(asked, program=name), lineage.at(at)
    return run.quoted(asked, program=name), lineage.at(at)


def _from_tables(name: str, question: _Question) -> Asked:
    async def work(pool: Pool, sealer: Sealer) -> Asked:
        whose, found = await served(pool, sealer, tenant=question.tenant, program=name)
        at = question.at or await now_of(pool, whose) or datetime.now(UTC)
        asked, compiled = question.asked(whose.hasher, at=at), found.lineage.at(at)
        if isinstance(asked, OrderRefunded):
            return await quoting.return_from_tables(pool, whose, found, asked), compiled
        return await quoting.quoted_from_tables(pool, whose, found, asked), compiled

    return with_pool(work)


# The table.


def _table(quote: Quote, program: Program) -> Iterator[str]:
    tier = f", {quote.tier or program.ladder.tiers[0].name}" if program.ladder else ""
    yield f"{quote.member} in {program.name}, {quote.at:%Y-%m-%d %H:%M %Z}{tier}"
    by_line = {proof.line for proof in quote.prices if proof.line}
    for line in quote.lines:
        yield _line(line, program)
        if line.line in by_line:
            of_line = [proof for proof in quote.prices if proof.line == line.line]
            yield from (f"       {_price(proof, program)}" for proof in of_line)
    of_order = [proof for proof in quote.prices if not proof.line and not proof.why_not]
    yield from (f"  {_price(proof, program)}" for proof in of_order)
    shipping = f", {_money(quote.shipping_minor, program)} of it shipping"
    charged = f"{_money(quote.charged_minor, program)} {program.currency}"
    yield f"  to pay: {charged}{shipping if quote.shipping_minor else ''}"
    if quote.payable is not None:
        yield f"  points could pay: {_payable(quote.payable, program)}"
    earned = [proof_words(proof, program) for proof in quote.earns if proof.amount]
    yield f"  would earn: {', '.join(earned) or 'nothing'}"
    if quote.unlocks:
        yield f"  would unlock: {', '.join(quote.unlocks)}"
    if quote.tier_after != quote.tier:
        yield f"  would reach: {quote.tier_after}"
    usable = [_usable(each) for each in quote.usable if not each.why_not]
    if usable:
        yield f"  could use: {', '.join(usable)}"
    reasons = list(_why_not(quote, program))
    if reasons:
        yield "  why not:"
        yield from (f"    {reason}" for reason in reasons)


def _return_table(quote: ReturnQuote, program: Program) -> Iterator[str]:
    yield f"{quote.member} in {program.name}, {quote.at:%Y-%m-%d %H:%M %Z}: of {quote.order}"
    for line in quote.lines:
        units = f"{_quantity(line.quantity_milli)} of it" if line.quantity_milli else "none of it"
        yield f"  {line.line:>3}  {units:30} {_money(line.amount_minor, program)}"
    yield f"  to pay back: {_money(quote.amount_minor, program)} {quote.currency}"
    for asset, change in quote.changes:
        yield f"  {asset}: {change:+}"
    if quote.tier_after != quote.tier:
        yield f"  tier: {quote.tier_after}"


def _why_not(quote: Quote, program: Program) -> Iterator[str]:
    for price in quote.prices:
        if price.why_not:
            yield f"price {price.price}: nothing off ({price.why_not}: {price.condition})"
    for proof in quote.earns:
        if not proof.amount:
            yield f"rule {proof_words(proof, program)}"
    for reward in quote.usable:
        if reward.why_not:
            missing = f", {reward.missing} {reward.asset} are missing" if reward.missing else ""
            yield f"reward {reward.reward}: {reward.why_not}{missing}"


def _line(line: QuotedLine, program: Program) -> str:
    quantity = _quantity(line.quantity_milli)
    article = line.sku if quantity == "1" else f"{quantity} x {line.sku}"
    price = _money(line.before_minor, program)
    if line.costs_minor != line.before_minor:
        price = f"{price} → {_money(line.costs_minor, program)}"
    return f"  {line.line:>3}  {article:30} {price}"


def _price(proof: PriceProof, program: Program) -> str:
    off = f"{_money(proof.off_minor, program)} off"
    if not proof.percent:
        each = _money(proof.each_minor, program)
        return f"{proof.price}: {_quantity(proof.units_milli)} at {each} each, {off}"

    read = "" if proof.reading is None else f" ({_reading(proof, program)})"
    return f"{proof.price}: {proof.percent} % of {_money(proof.before_minor, program)}, {off}{read}"


def _reading(proof: PriceProof, program: Program) -> str:
    assert proof.reading is not None
    price = next(price for price in program.prices if price.name == proof.price)
    meter = program.meters[price.mechanic.meter]
    is_money = meter.counts == "basis"
    return f"{meter.name}: {_money(proof.reading, program) if is_money else proof.reading}"


def _payable(payable: Payable, program: Program) -> str:
    if not payable.points:
        return f"none ({payable.why_not})"

    cut = f", no more: {payable.why_not}" if payable.why_not else ""
    worth = f"{_money(payable.worth_minor, program)} {program.currency}"
    return f"{payable.points} {payable.asset} for {worth}{cut}"


def _usable(usable: Usable) -> str:
    return f"{usable.reward} for {usable.cost} {usable.asset}" if usable.cost else usable.reward


def _quantity(milli: int) -> str:
    units, part = divmod(milli, 1000)
    return f"{units}.{part:03}".rstrip("0").rstrip(".") if part else str(units)


def _money(minor: int, program: Program) -> str:
    if not program.currency_digits:
        return str(minor)

    whole, part = divmod(minor, 10**program.currency_digits)
    return f"{whole}.{part:0{program.currency_digits}}"
