"""The report that ends a demo: one screen for a person, nothing that scrolls away.

`render` gives at most 45 lines at 100 columns. It says what happened and how it was
checked; a verdict that is not "equal" is the loudest thing on the screen.
"""

from collections.abc import Iterable, Sequence
from zoneinfo import ZoneInfo

from rich import box
from rich.console import Console, Group, RenderableType
from rich.markup import escape
from rich.padding import Padding
from rich.rule import Rule
from rich.table import Table
from rich.text import Text

from patron.demo.outcome import Count, Outcome, Statement, Verdict

WIDTH_MAX = 100
ROWS_MAX = 10  # Of the statement.
NOTICES_MAX = 7
BAR_CELLS = 30

_TIER_STYLES = ("yellow4", "grey70", "gold1", "cyan", "magenta")
_LABEL = "grey58"


def show(outcome: Outcome, console: Console) -> None:
    """Print the report."""
    console.print(render(outcome), width=min(console.width, WIDTH_MAX))


def render(outcome: Outcome) -> RenderableType:
    """The whole report as one renderable."""
    parts: list[RenderableType] = [
        Rule(Text.assemble((outcome.program, "bold"), f"  {_span(outcome)}"), style="grey39"),
        Text(),
        _tiers(outcome),
        Text(),
        _figures(outcome),
        Text(),
    ]
    if outcome.statement is not None:
        parts += [_statement(outcome.statement, ZoneInfo(outcome.zone)), Text()]
    parts += [_run(outcome), Text(), _verdict(outcome.verdict)]
    if outcome.next_steps:
        parts += [_next_steps(outcome.next_steps)]
    return Group(*parts)


def _span(outcome: Outcome) -> str:
    zone = ZoneInfo(outcome.zone)
    first, last = outcome.first_at.astimezone(zone), outcome.last_at.astimezone(zone)
    members = _many(outcome.members, "member")
    return f"{first:%-d %b %Y} to {last:%-d %b %Y}, {members}"


def _tiers(outcome: Outcome) -> RenderableType:
    rows = Table.grid(padding=(0, 2))
    most = max((tier.number for tier in outcome.tiers), default=0)
    # The highest tier first: that is where a shop looks.
    for number, tier in reversed(list(enumerate(outcome.tiers))):
        style = _TIER_STYLES[number % len(_TIER_STYLES)]
        share = tier.number / outcome.members if outcome.members else 0.0
        rows.add_row(
            Text(tier.name, style=f"bold {style}"),
            _bar(tier.number, most, style),
            Text(f"{tier.number:,}", style="bold", justify="right"),
            Text(f"{share:.0%}", style=_LABEL, justify="right"),
        )
    return Padding(rows, (0, 2))


def _bar(count: int, most: int, style: str) -> Text:
    eighths = round(count / most * BAR_CELLS * 8) if most else 0
    if count:
        eighths = max(eighths, 1)  # Someone is there, however few they are.
    whole, part = divmod(eighths, 8)
    filled = "█" * whole + (" ▏▎▍▌▋▊▉"[part] if part else "")
    return Text(filled.ljust(BAR_CELLS), style=style)


def _figures(outcome: Outcome) -> RenderableType:
    points = outcome.points
    sums = [
        ("issued", points.issued),
        ("taken back", -points.taken_back),
        ("spent", -points.spent),
        ("expired", -points.expired),
        ("with members", points.available),
    ]
    sums += [(name, n) for name, n in (("pending", points.pending), ("debt", -points.debt)) if n]
    rewards = [
        (reward.name, _reward_text(reward.unlocked, reward.redeemed, reward.lapsed))
        for reward in outcome.rewards
    ]
    blocks = [
        _block(points.asset.capitalize(), [(name, f"{n:,}") for name, n in sums]),
        _block("Rewards", rewards or [("none", "")]),
        _block("Notices published", _top(outcome.notices, NOTICES_MAX)),
    ]
    side_by_side = Table.grid(padding=(0, 4))
    side_by_side.add_row(*blocks)
    return Padding(side_by_side, (0, 2))


def _reward_text(unlocked: int, redeemed: int, lapsed: int) -> str:
    words = ((unlocked, "unlocked"), (redeemed, "redeemed"), (lapsed, "lapsed"))
    return "\n".join(f"{n:,} {word}" for n, word in words if n) or "none yet"


def _block(title: str, rows: Sequence[tuple[str, str]]) -> Table:
    block = Table(
        box=None, show_header=True, header_style="bold", pad_edge=False, padding=(0, 2, 0, 0)
    )
    block.add_column(title, style=_LABEL, no_wrap=True)
    block.add_column(justify="right", no_wrap=True)
    for name, figure in rows:
        block.add_row(escape(name), figure)
    return block


def _top(counts: Sequence[Count], rows_max: int) -> list[tuple[str, str]]:
    ranked = sorted(counts, key=lambda count: -count.number)
    shown = [(count.name, f"{count.number:,}") for count in ranked[:rows_max]]
    rest = ranked[rows_max:]
    if rest:
        shown.append((f"{len(rest)} more types", f"{sum(count.number for count in rest):,}"))
    return shown or [("none", "")]


def _statement(statement: Statement, zone: ZoneInfo) -> RenderableType:
    table = Table(
        title=Text.assemble(
            (statement.member, "bold"),
            f": {statement.tier}, {statement.available:,} points; ",
            f"the newest of {_many(statement.entries, 'entry', 'entries')}",
        ),
        title_style="",
        title_justify="left",
        box=box.SIMPLE_HEAD,
        show_edge=False,
        header_style=_LABEL,
        pad_edge=False,
        expand=True,
    )
    table.add_column("when", no_wrap=True)
    table.add_column("what", no_wrap=True, overflow="ellipsis")
    table.add_column("points", justify="right", no_wrap=True)
    table.add_column("balance", justify="right", no_wrap=True)
    table.add_column("because", no_wrap=True, overflow="ellipsis", ratio=1, style=_LABEL)
    for row in statement.rows[-ROWS_MAX:]:
        change = Text(f"{row.change:+,}", style="green" if row.change > 0 else "red")
        table.add_row(
            f"{row.at.astimezone(zone):%d %b %H:%M}",
            Text(row.what),
            change if row.change else Text("0", style=_LABEL),
            f"{row.balance:,}",
            Text(row.reason),
        )
    return Padding(table, (0, 2))


def _run(outcome: Outcome) -> RenderableType:
    speed = outcome.throughput
    latency = "not measured"
    if speed.latency_p50_ms is not None and speed.latency_p99_ms is not None:
        latency = f"{_ms(speed.latency_p50_ms)} at the median, {_ms(speed.latency_p99_ms)} at p99"
    rate = f"{speed.events_per_s:,.0f} events/s"
    lines = [
        ("Speed", f"{rate} ({speed.events:,} in {speed.took_s:,.1f} s)"),
        ("End to end", latency),
        ("Events", f"{outcome.applied:,} applied, {outcome.duplicates:,} seen before and ignored"),
        ("Refused", _listed(outcome.refused, none="no request")),
        ("Dead letters", _listed(outcome.dead_letters, none="none")),
        ("Made up", outcome.made_up),
    ]
    grid = Table.grid(padding=(0, 2))
    grid.add_column(style=_LABEL, no_wrap=True)
    grid.add_column()
    for label, text in lines:
        grid.add_row(label, Text(text))
    return Padding(grid, (0, 2))


def _verdict(verdict: Verdict) -> RenderableType:
    scope = (
        f"{_many(verdict.accounts, 'account')} and "
        f"{_many(verdict.entries, 'entry', 'entries')}, in {verdict.took_s:.1f} s"
    )
    if verdict.equal:
        return Padding(
            Text.assemble(
                ("✔ Audit: equal. ", "bold green"),
                f"A second model computed {scope}, from the log: no difference.",
            ),
            (0, 2),
        )
    lines = [
        Text.assemble(
            ("✘ Audit: NOT EQUAL. ", "bold white on red"),
            f" A second model computed {scope}, and found:",
        ),
        *(Text(f"  {difference}", style="red") for difference in verdict.differences[:3]),
        Text("  `patron audit` shows every difference."),
    ]
    return Padding(Group(*lines), (0, 2))


def _next_steps(commands: Iterable[str]) -> RenderableType:
    text = Text("Look closer: ", style=_LABEL)
    text.append("  ·  ".join(commands), style="cyan")
    return Padding(text, (0, 2))


def _listed(counts: Sequence[Count], *, none: str) -> str:
    return ", ".join(f"{count.number:,} {count.name}" for count in counts) or none


def _many(count: int, one: str, many: str = "") -> str:
    return f"{count:,} {one if count == 1 else many or one + 's'}"


def _ms(ms: float) -> str:
    return f"{ms / 1000:,.1f} s" if ms >= 1000 else f"{ms:,.0f} ms"
