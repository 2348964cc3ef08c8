"""Referrals of a document: what their meter must be, who pays for them; and as a value."""

from collections.abc import Iterator

from patron.core.mechanics.refer import Referrals
from patron.core.referring import GIVEN, RECEIVED
from patron.wire.durations import span_of
from patron.wire.figures import reading, reading_of
from patron.wire.mends import at_key, at_value
from patron.wire.problems import Problem, shown
from patron.wire.yaml_tree import Path, Tree
from patron_schemas import program as language


def problems_of_referrals(
    tree: Tree, document: language.ProgramDocument, digits: int | None
) -> Iterator[Problem]:
    """Everything that is wrong with `referrals`, and with rules that pay for them."""
    referrals = document.referrals
    actions = {rule.per_event.action for rule in document.rules if rule.per_event is not None}
    told = {action for action in actions if action.startswith("referral.")}
    for action in sorted(told - {GIVEN, RECEIVED}):
        what = f"a rule pays for {shown(action)}, which nobody tells"
        yield at_key(tree, ("rules",), what, f"write {GIVEN} or {RECEIVED}")
    if referrals is None:
        if told:
            what = "a rule pays for referrals, and nothing says when a friend has stayed"
            mend = 'add it: referrals: {meter: spend, from: "30.00", kept: P14D}'
            yield at_key(tree, ("rules",), what, mend)
        return

    path: Path = ("referrals",)
    if not told:
        mend = f"add one: per_event: {{points: 500, action: {GIVEN}, once: subject}}"
        yield at_key(tree, path, "no rule pays for referrals", mend)
    meter = document.meters.get(referrals.meter)
    if meter is None:
        return
    its = f"referrals: meter {shown(referrals.meter)}"
    if meter.punches or meter.window != "lifetime":
        # Of any other window time alone takes something out: nobody would have stayed for long.
        what = f"{its} does not count over a lifetime"
        yield at_value(tree, (*path, "meter"), what, "name one with window: lifetime")
    yield from reading(tree, (*path, "from"), referrals.from_, its, meter, digits)


def referrals_of(document: language.ProgramDocument, digits: int) -> Referrals | None:
    """What the core asks of a friend, if the program has referrals."""
    referrals = document.referrals
    if referrals is None:
        return None

    meter = document.meters[referrals.meter]
    return Referrals(
        meter=referrals.meter,
        threshold=reading_of(referrals.from_, meter, digits),
        kept=span_of(referrals.kept),
    )
