"""What is given for reaching so much: looked up anew for every window of its meter."""

from functools import partial
from typing import TYPE_CHECKING

from patron.audit.facts import Event
from patron.audit.programs import Terms
from patron.audit.wallet import Lot

if TYPE_CHECKING:
    from patron.audit.model import Model


def settle(model: "Model", terms: Terms, event: Event) -> None:
    """Give what has been reached, and take back what is reached no longer."""
    for rule in terms.document.rules:
        if rule.reach is None or rule.earn is None:
            continue
        meter = rule.reach.meter
        is_money = terms.document.meters[meter].counts == "basis"
        needed = terms.minor(rule.reach.from_) if is_money else int(rule.reach.from_)
        windows = {window for name, window, _, _ in model.meters.moves if name == meter}
        for window in sorted(windows):
            reached = model.meters.shows(terms, meter, window, event.at) >= needed
            given = model.reached.get((rule.rule, window), 0)
            deserved = rule.reach.points if reached else 0
            if deserved > given:
                more = deserved - given
                model.credit(terms, event.seq, rule.earn, more, rule.rule, event.at)
                model.reached[rule.rule, window] = deserved
            elif given and not reached:
                own = partial(is_of, rule.rule)
                policy = terms.document.debt
                kept = model.wallet.claw_back(rule.earn, given, own=own, policy=policy)
                model.reached[rule.rule, window] = kept


def is_of(rule: str, lot: Lot) -> bool:
    """Whether a rule has earned a lot."""
    return lot.rule == rule
