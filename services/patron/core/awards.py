"""What time awards: points, a reward or a wish, once a year at an hour of a member's day.

It counts as the program and the member stand at that instant.
"""

from datetime import date

from patron.core.belongings import settled
from patron.core.caps import room_left, use_caps
from patron.core.decision import Proof
from patron.core.draft import Draft
from patron.core.earning import award_worth, events_worth
from patron.core.expressions import award_facts, rules_ask
from patron.core.mechanics.yearly import award_at, given_in, yearly_rules
from patron.core.meters import count, points_counts
from patron.core.periods import local_day
from patron.core.program import Rule
from patron.core.rewards import give
from patron.core.tiers import requalify
from patron.core.together import Circumstances, belongings_asked


def award(draft: Draft) -> None:
    """Give what is due at `draft.at`."""
    program, account = draft.program, draft.account
    if account.at >= draft.at:
        return  # It has been there already.
    due = [r for r in yearly_rules(program) if award_at(program, r, account) == draft.at]
    if not due:
        return

    day = local_day(draft.at, program.zone)
    proofs = _worth(draft, due, day)
    draft.proofs.extend(proofs)
    for rule, proof in zip(due, proofs, strict=True):
        if proof.why_not and not proof.amount:
            continue
        name, year = given_in(program, rule, account, draft.at)
        draft.used[name] = (year, 1)
        if proof.amount:
            draft.credit(rule.asset, proof.amount, rule=rule.name)
        if rule.mechanic.reward:
            give(draft, rule.mechanic.reward, rule=rule.name)
        draft.notice("yearly.reached", {"rule": rule.name})
    use_caps(program, draft.used, day, {proof.rule: proof.amount for proof in proofs})
    _count(draft, proofs, day)


def _count(draft: Draft, proofs: list[Proof], day: date) -> None:
    """What rules award counts as what they earn: tiers come after it."""
    counts = points_counts(draft.program, proofs)
    for name, amount in counts.items():
        count(draft, draft.program.meters[name], amount, at=draft.at, day=day)
    if counts:
        requalify(draft, of=draft.at)


def _worth(draft: Draft, due: list[Rule], day: date) -> list[Proof]:
    program = draft.program
    asked = belongings_asked(program)
    # What has begun or ended by now counts, at this very instant too.
    held = asked.intersection(settled(program, draft.left()).belongings) if asked else asked
    place = program.place(draft.tier)
    facts = award_facts(program.tier_at(place)) if rules_ask(program) else None
    found = Circumstances(place, day, held, facts=facts)
    proofs = [award_worth(program, rule, found) for rule in due]
    rules = {rule.name: rule for rule in due}
    return events_worth(program, proofs, rules, room_left(program, draft.used, day))
