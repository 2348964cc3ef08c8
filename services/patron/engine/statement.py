"""An account as people and programs read it: plain JSON values, and a proof in words."""

from typing import Any

from patron.core import windows
from patron.core.account import NEVER, Account, Lot, State
from patron.core.decision import Decision, Proof, Refusal
from patron.core.ends import real_end
from patron.core.facts import (
    AdjustAsked,
    DrawClosed,
    DrawWon,
    Engaged,
    Fact,
    OrderCancelled,
    OrderCompleted,
    OrderRefunded,
    RedeemAsked,
    ReserveAsked,
    ShareGiven,
    ShareOutClosed,
    TimeReached,
    TransferAsked,
)
from patron.core.mechanics.per_amount import PerAmount
from patron.core.mechanics.per_step import PerStep
from patron.core.mechanics.per_unit import PerUnit
from patron.core.mechanics.round_up import RoundUp
from patron.core.periods import stamp
from patron.core.program import Program
from patron.core.rewards import grant_name
from patron.core.wallets import sums

LANGUAGE = "en"


def shown(state: State, *, program: Program) -> dict[str, Any]:
    """A member's account: balances, lots, tier, meters, punches and grants."""
    account = state.account
    return {
        "member": account.member,
        "program": program.name,
        "entries": account.seq,
        "tier": program.tier_at(program.place(account.tier)) or None,
        "balances": {
            asset: balance._asdict()
            for asset, balance in sorted(sums(program, account.balances).items())
        },
        "lots": [_lot(lot, account, program) for lot in sorted(state.lots or ())],
        "meters": {
            meter: windows.shown(parts, spec, at=account.at, zone=program.zone)
            for meter, parts in sorted(account.meters.items())
            if (spec := program.meters.get(meter))
        },
        "punches": {
            meter: sum(punch.left for punch in punches) - account.owed.get(meter, 0)
            for meter, punches in sorted(account.punches.items())
        },
        "grants": [
            {
                "reward": grant.reward,
                "grant": grant_name(grant),
                "state": grant.state,
                "lapses_at": None if grant.lapses_at == NEVER else stamp(grant.lapses_at),
            }
            for grant in state.grants or ()
        ],
        "frozen": account.frozen,
        **_belongings(account, program),
    }


def _belongings(account: Account, program: Program) -> dict[str, Any]:
    """Segments and entitlements, and when those end that live by grace; if there are any."""
    if not program.belongings:
        return {}

    return {
        f"{kind}s": {
            each.name: None if (until := account.belongings[each.key]) == NEVER else stamp(until)
            for each in program.belongings
            if each.kind == kind and each.key in account.belongings
        }
        for kind in ("segment", "entitlement")
    }


def _lot(lot: Lot, account: Account, program: Program) -> dict[str, Any]:
    end = real_end(program, account, lot)
    waits = {} if lot.activates_at is None else {"available_at": stamp(lot.activates_at)}
    return {
        "asset": lot.asset,
        "state": lot.compartment,
        "remaining": lot.remaining,
        "earned_at": stamp(lot.earned_at),
        **waits,
        "ends_at": None if end == NEVER else stamp(end),
        "rule": lot.rule,
    }


def what(fact: Fact) -> str:
    """A fact in a member's words."""
    match fact:
        case OrderCompleted():
            return f"Purchase {fact.order}"
        case OrderRefunded():
            return f"Refund of {fact.order}"
        case OrderCancelled():
            return f"Purchase {fact.order} cancelled"
        case Engaged():
            about = f" {fact.subject}" if fact.subject else ""
            return f"{fact.action.replace('_', ' ').capitalize()}{about}"
        case RedeemAsked() | ReserveAsked():
            verb = "Redeem" if isinstance(fact, RedeemAsked) else "Reserve"
            return f"{verb} {fact.reward or f'{fact.amount} {fact.asset}'}"
        case TransferAsked():
            return f"Transfer of {fact.amount} {fact.asset}"
        case AdjustAsked():
            return f"Adjustment: {fact.reason}"
        case DrawWon():
            return f"Won in draw {fact.draw}"
        case ShareGiven():
            return f"Share of {fact.share_out}"
        case DrawClosed():
            return f"Draw {fact.draw} closed"
        case ShareOutClosed():
            return f"{fact.amount} shared out as {fact.share_out}"
        case TimeReached():
            return "Time"
        case _:
            return type(fact).__name__


def change(decision: Decision, asset: str) -> int:
    """By how much an entry changed what the member can spend."""
    lots = sum(lot.amount for lot in decision.opened if lot.asset == asset and _spendable(lot))
    takes = sum(take.amount for take in decision.takes if take.asset == asset and _spendable(take))
    return lots - takes


def _spendable(thing: Any) -> bool:
    return bool(thing.compartment == "available")


def reasons(decision: Decision, program: Program) -> list[str]:
    """Why an entry gave what it gave, a sentence for each rule and effect."""
    said = [proof_words(proof, program) for proof in decision.proofs if proof.amount]
    expired = sum(take.amount for take in decision.takes if take.to == "expired")
    if expired:
        said.append(f"{expired} ended unspent")
    if isinstance(decision.fact, TimeReached) and not decision.takes and not decision.notices:
        said.append("punches or a tier's hold ended")
    for notice in decision.notices:
        if notice.type == "tier.changed":
            said.append(f"{notice.data['from_tier']} → {notice.data['to_tier']}")
        elif notice.type == "reward.unlocked":
            said.append(f"{notice.data['reward']} unlocked")
        elif notice.type == "reward.lapsed":
            said.append(f"{notice.data['reward']} lapsed")
    if decision.answer is not None:
        granted = decision.answer.granted
        said.append("granted" if granted else f"refused: {decision.answer.code}")
    return said


def proof_words(proof: Proof, program: Program) -> str:
    """The arithmetic of one proof, with its inputs."""
    rule = next(rule for rule in program.rules if rule.name == proof.rule)
    text = rule.text.get(LANGUAGE, proof.rule)
    if not proof.amount:
        failed = f": {proof.condition}" if proof.condition else ""
        instead = f", {proof.instead} pays instead" if proof.instead else ""
        return f"{proof.rule}: nothing ({proof.why_not}{failed}{instead})"

    if isinstance(rule.mechanic, PerUnit):
        counted = f"{proof.basis} units"
    elif isinstance(rule.mechanic, PerAmount | PerStep | RoundUp):
        whole, digits = divmod(proof.basis, 10**program.currency_digits)
        basis = f"{whole}.{digits:0{program.currency_digits}}" if program.currency_digits else whole
        counted = f"{basis} {program.currency}"
    else:
        counted = "1 event"
    times = f" x {proof.multiplier}" if proof.multiplier else ""
    cut = ""
    if proof.why_not == Refusal.CAP_REACHED:
        cut = f", cut from {proof.uncapped} by {proof.condition}"
    return f"{proof.amount} {proof.asset}: {text} ({counted}{times}{cut})"
