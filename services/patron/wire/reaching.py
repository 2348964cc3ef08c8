"""Rules that pay for reaching so much: what their meter must be, and what they can't have."""

from collections.abc import Iterator

from patron.wire.figures import reading
from patron.wire.mends import at_key, at_value, where
from patron.wire.problems import Problem, shown
from patron.wire.yaml_tree import Path, Tree
from patron_schemas import program as language

# Windows of which a member has few: all that something was given for are remembered.
WINDOWS = ("lifetime", "year", "anniversary")
NOT_OF_REACH = (
    "enter", "unlock", "match", "when", "by_tier", "caps", "during", "group", "priority", "budget",
)  # fmt: skip


def problems_of_reach(
    tree: Tree,
    path: Path,
    rule: language.Rule,
    document: language.ProgramDocument,
    digits: int | None,
) -> Iterator[Problem]:
    """Everything that is wrong with a rule's `reach`."""
    reach = rule.reach
    if reach is None:
        return

    name, at = where(tree, path), (*path, "reach")
    for field in NOT_OF_REACH:
        if field in rule.model_fields_set:
            what = f'{name}: "{field}" on a rule that pays for reaching something'
            mend = "remove it; what counts is said by the meter"
            yield at_key(tree, (*path, field), what, mend)
    meter = document.meters.get(reach.meter)
    if meter is None:
        return
    its = f"{name}: meter {shown(reach.meter)}"
    is_long = isinstance(meter.window, language.Stretch) and meter.window.rolling is None
    if meter.punches or meter.counts in ("level", "points"):
        what = f"{its} counts {'punches' if meter.punches else meter.counts}"
        mend = "name a meter of basis, units, orders or events"
        yield at_value(tree, (*at, "meter"), what, mend)
    elif not is_long and meter.window not in WINDOWS:
        what = f"{its} counts over a window that can't be reached once for all"
        mend = f"give it one of: {', '.join(WINDOWS)}, {{from_joining: P90D}} or a campaign"
        yield at_value(tree, (*at, "meter"), what, mend)
    yield from reading(tree, (*at, "from"), reach.from_, its, meter, digits)
