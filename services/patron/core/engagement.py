"""What an engagement does to an account: points by event, once-keys, caps and meters."""

from datetime import date

from patron.core.account import OnceKey
from patron.core.caps import use_caps
from patron.core.decision import Proof, Refusal
from patron.core.draft import Draft
from patron.core.earning import event_rules, event_worth, events_worth
from patron.core.expressions import event_facts, rules_ask
from patron.core.facts import Engaged
from patron.core.mechanics.per_event import once_key
from patron.core.mechanics.streak import NO_DAYS, Streak, counted
from patron.core.meters import count, event_counts
from patron.core.periods import local_day
from patron.core.pools import use_budgets, within_budgets
from patron.core.program import Program
from patron.core.rated import room_then, tier_then
from patron.core.reaching import settle_reached
from patron.core.rewards import punch, unlock
from patron.core.tiers import requalify
from patron.core.together import Circumstances, belongings_asked
from patron.core.wallets import into_wallets, split_assets


def once_keys(program: Program, fact: Engaged) -> tuple[OnceKey, ...]:
    """What this engagement may be paid for only once: to be looked up before it is decided."""
    keys = [once_key(rule, fact) for rule in event_rules(program).get(fact.action, ())]
    return tuple(key for key in keys if key is not None)


def engage(draft: Draft, fact: Engaged) -> None:
    """Pay what the rules give for one engagement, and let the meters count it."""
    program = draft.program
    day = local_day(fact.at, program.zone)
    proofs = _worth(draft, fact, day=day)
    draft.proofs.extend(proofs)
    for proof in proofs:
        if proof.amount and proof.asset in program.assets:  # Else entries in a draw: for a meter.
            draft.credit(proof.asset, proof.amount, rule=proof.rule)
    given = {proof.rule: proof.amount for proof in proofs}
    use_caps(program, draft.used, day, given)
    use_budgets(draft, given)
    for name, amount in event_counts(program, fact, proofs).items():
        meter = program.meters[name]
        if meter.punches:
            punch(draft, meter, amount, cause=fact.name.id, at=fact.at)
        else:
            count(draft, meter, amount, at=fact.at, day=day)
    requalify(draft, of=fact.at, fall="level_fell")
    settle_reached(draft)
    unlock(draft, order="")


def _worth(draft: Draft, fact: Engaged, *, day: date) -> list[Proof]:
    """What each rule gives; a rule that pays uses its once-key up."""
    program = draft.program
    rules = {rule.name: rule for rule in event_rules(program).get(fact.action, ())}
    if not rules:
        return []

    held = belongings_asked(program).intersection(draft.account.belongings)
    place = program.place(tier_then(draft))
    facts = event_facts(fact, program.tier_at(place)) if rules_ask(program) else None
    found = Circumstances(place, day, held, facts=facts)
    proofs, keys = [], {}
    for rule in rules.values():
        proof = event_worth(program, rule, fact, found)
        key = once_key(rule, fact)
        if proof.amount and key is not None:
            keys[rule.name] = key
            if _is_used(draft, key):
                proof = proof._replace(
                    amount=0, uncapped=0, why_not=Refusal.ALREADY_USED, condition="once"
                )
        if proof.amount and isinstance(rule.mechanic, Streak):
            so_far = draft.streaks.get(rule.name, NO_DAYS)
            draft.streaks[rule.name], is_complete = counted(so_far, day, rule.mechanic.days)
            if not is_complete:
                code = Refusal.CONDITION
                proof = proof._replace(amount=0, uncapped=0, why_not=code, condition="streak")
        proofs.append(proof)
    proofs = events_worth(program, proofs, rules, room_then(draft, day))
    if split_assets(program):
        proofs = into_wallets(program, proofs, fact.attributes)
    proofs = within_budgets(draft, proofs)
    for proof in proofs:
        if proof.amount and proof.rule in keys:
            draft.once.append(keys[proof.rule])
            if keys[proof.rule].shared:
                draft.had[proof.rule] = proof.amount
    return proofs


def _is_used(draft: Draft, key: OnceKey) -> bool:
    stands = draft.state.stands
    if key.shared and stands is not None:
        return key.rule not in stands  # Whoever was the first to come stays the first.
    return key in draft.state.once
