"""What an engagement does to an account: points by event, once-keys, caps and meters."""

from patron.core.account import OnceKey
from patron.core.decision import Proof, Refusal
from patron.core.draft import Draft
from patron.core.earning import event_rules, event_worth, room_left, use_caps
from patron.core.facts import Engaged
from patron.core.mechanics.per_event import once_subject
from patron.core.meters import event_counts, move
from patron.core.periods import local_day, window_name
from patron.core.program import Program, Rule
from patron.core.rewards import punch, unlock
from patron.core.tiers import requalify


def once_keys(program: Program, fact: Engaged) -> tuple[OnceKey, ...]:
    """What this engagement may be paid for only once: to be looked up before it is decided."""
    keys = []
    for rule in event_rules(program).get(fact.action, ()):
        subject = once_subject(rule.mechanic, fact)
        if subject is not None:
            keys.append(OnceKey(rule.name, subject))
    return tuple(keys)


def engage(draft: Draft, fact: Engaged) -> None:
    """Pay what the rules give for one engagement, and let the meters count it."""
    program = draft.program
    day = local_day(fact.at, program.zone)
    points: dict[str, int] = {}
    for rule in event_rules(program).get(fact.action, ()):
        proof = _pay(draft, rule, fact, room=room_left(program, draft.used, day))
        draft.proofs.append(proof)
        if proof.amount:
            use_caps(program, draft.used, day, {rule.name: proof.amount})
            points[rule.asset] = points.get(rule.asset, 0) + proof.amount
    for name, count in event_counts(program, fact, points).items():
        meter = program.meters[name]
        if meter.punches:
            punch(draft, meter, count, cause=fact.name.id, at=fact.at)
        else:
            move(draft, name, window_name(meter.window.kind, day), count)
    requalify(draft, day=day)
    unlock(draft, order="")


def _pay(draft: Draft, rule: Rule, fact: Engaged, *, room: dict[str, int]) -> Proof:
    proof = event_worth(rule, fact, place=draft.program.place(draft.tier), room=room)
    if not proof.amount:
        return proof

    subject = once_subject(rule.mechanic, fact)
    if subject is not None:
        key = OnceKey(rule.name, subject)
        if key in draft.state.once:
            return proof._replace(amount=0, why_not=Refusal.ALREADY_USED)
        draft.once.append(key)
    draft.credit(rule.asset, proof.amount, rule=rule.name)
    return proof
