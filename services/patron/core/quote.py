"""A quote: what a basket costs a member, what could be used for it, and what it would earn.

It is made of decisions that nobody keeps, on the state as it stands before the basket: the
purchase itself, and a request for each reward and for the points that could pay. So it
cannot say anything else than they will, and it says why not in the same words.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import NamedTuple

from patron.core.account import Account, Balance, Refunded, State
from patron.core.basis import Basket, charged_minor
from patron.core.decide import Needs, decide, needs
from patron.core.decision import Answer, Decision, Proof, Refusal, Unfit
from patron.core.earning import with_facts
from patron.core.facts import EventName, Line, OrderCompleted, OrderRefunded, RedeemAsked, Who
from patron.core.matching import selects
from patron.core.mechanics.multiply import Multiply
from patron.core.periods import local_day
from patron.core.pools import all_reward_pools
from patron.core.prices import PriceProof, buyer_of, priced
from patron.core.program import Program, Reward, Rule
from patron.core.together import Circumstances, Failed, multiplier_of, rule_fails
from patron.core.wallets import available

QUOTED = "patron:quote"  # The source of what is decided and not kept.


class QuotedLine(NamedTuple):
    """A line of the basket: what it costs otherwise, and what it costs the member."""

    line: str
    sku: str
    quantity_milli: int
    before_minor: int
    costs_minor: int
    tax_minor: int  # It falls as the price does.


class Usable(NamedTuple):
    """A reward that the member could use now, or why not."""

    reward: str
    kind: str
    cost: int = 0  # What would be paid for it; 0: one that is held.
    asset: str = ""
    why_not: str = ""  # A code of `Refusal`.
    missing: int = 0  # How many points, where those are what is missing.


class Payable(NamedTuple):
    """The points that could pay for the basket: whole blocks, within the program's share."""

    asset: str
    points: int
    worth_minor: int
    why_not: str = ""  # Why there are none, or "cap_reached": no more than these.


class Quote(NamedTuple):
    """What a basket costs and would bring, and why."""

    at: datetime
    member: str
    tier: str  # As it is before the basket.
    lines: tuple[QuotedLine, ...]
    prices: tuple[PriceProof, ...]
    shipping_minor: int
    charged_minor: int  # What would be charged: with tax and shipping.
    earns: tuple[Proof, ...]  # Of each rule that pays for orders, or multiplies what they give.
    unlocks: tuple[str, ...]  # Rewards.
    tier_after: str
    usable: tuple[Usable, ...]
    payable: Payable | None  # None: points pay for nothing in this program.


class Back(NamedTuple):
    """What of one line would come back."""

    line: str
    amount_minor: int
    quantity_milli: int


class ReturnQuote(NamedTuple):
    """What a return is worth, and what it would do."""

    at: datetime
    member: str
    order: str
    currency: str  # The order's own.
    lines: tuple[Back, ...]
    shipping_minor: int
    changes: tuple[tuple[str, int], ...]  # Asset → by how much what the member has changes.
    tier: str
    tier_after: str

    @property
    def amount_minor(self) -> int:
        """What would come back in all."""
        return sum(line.amount_minor for line in self.lines) + self.shipping_minor


def quote_needs(program: Program, order: OrderCompleted) -> Needs:
    """What a quote reads."""
    of_order = needs(program, order)
    pools = (*of_order.pools, *all_reward_pools(program))
    return of_order._replace(order=None, holdings=True, pools=pools)


def quote(program: Program, state: State, order: OrderCompleted) -> Quote | Unfit:
    """What `order` would cost and bring, its lines paid as the shop asks for them otherwise.

    Time has passed up to it, and `state` holds what `quote_needs` asked for.
    """
    if order.currency != program.currency:
        return Unfit("other_currency", "prices are in the program's currency")

    account = state.account
    order = order._replace(at=max(order.at, account.at), payments=())
    basket = priced(program, order.lines, buyer_of(program, account, order.at), order.attributes)
    pairs = zip(order.lines, basket.lines_minor, strict=True)
    bought = order._replace(lines=tuple(_costing(line, minor) for line, minor in pairs))
    decision = decide(program, state, bought)
    assert isinstance(decision, Decision), "a new order in the program's currency is fit"
    total_minor = charged_minor(bought.lines, bought.shipping_minor)
    rewards = program.rewards.values()
    return Quote(
        at=order.at,
        member=account.member,
        tier=account.tier,
        lines=tuple(_quoted(*lines) for lines in zip(order.lines, bought.lines, strict=True)),
        prices=basket.proofs,
        shipping_minor=order.shipping_minor,
        charged_minor=total_minor,
        earns=(*decision.proofs, *_idle_multipliers(program, state, bought, decision.proofs)),
        unlocks=tuple(grant.reward for grant in decision.grants if grant.state == "unlocked"),
        tier_after=decision.account.tier,
        usable=tuple(_usable(program, state, reward, order.at) for reward in rewards),
        payable=_payable(program, state, total_minor, order.at),
    )


def quote_return(program: Program, state: State, refund: OrderRefunded) -> ReturnQuote | Unfit:
    """What would come back for `refund`; `state` holds its order and what it needs."""
    decision = decide(program, state, refund)
    if isinstance(decision, Unfit):
        return decision

    before, [after] = state.order, decision.orders
    assert before is not None, "the refund is fit"
    assert before.completed is not None
    assets = sorted({*state.account.balances, *decision.account.balances})
    changes = {a: _held(decision.account, a) - _held(state.account, a) for a in assets}
    return ReturnQuote(
        at=refund.at,
        member=state.account.member,
        order=after.order,
        currency=before.completed.currency,
        lines=tuple(_newly_back(before.refunded, after.refunded)),
        shipping_minor=after.shipping_back_minor - before.shipping_back_minor,
        changes=tuple((asset, change) for asset, change in changes.items() if change),
        tier=state.account.tier,
        tier_after=decision.account.tier,
    )


def _newly_back(before: Sequence[Refunded], after: Sequence[Refunded]) -> Iterator[Back]:
    known = {back.line: back for back in before}
    for line, amount_minor, quantity_milli in after:
        _, was_minor, was_milli = known.get(line, Refunded(line, 0, 0))
        back = Back(line, amount_minor - was_minor, quantity_milli - was_milli)
        if back.amount_minor or back.quantity_milli:
            yield back


def _held(account: Account, asset: str) -> int:
    """What a member has of an asset, pending included; what is owed counts below nothing."""
    balance = account.balances.get(asset, Balance())
    return balance.available + balance.pending + balance.reserved - balance.debt


def _costing(line: Line, minor: int) -> Line:
    """A line at its price; tax falls as what is paid does."""
    if minor == line.paid_minor:
        return line

    return line._replace(paid_minor=minor, tax_minor=line.tax_minor * minor // line.paid_minor)


def _quoted(asked: Line, bought: Line) -> QuotedLine:
    return QuotedLine(
        asked.line,
        asked.sku,
        asked.quantity_milli,
        before_minor=asked.paid_minor,
        costs_minor=bought.paid_minor,
        tax_minor=bought.tax_minor,
    )


def _idle_multipliers(
    program: Program, state: State, order: OrderCompleted, proofs: Sequence[Proof]
) -> list[Proof]:
    """Why a multiplier of what orders earn multiplies nothing of this one."""
    earning = {proof.rule for proof in proofs}
    place, day = program.place(state.account.tier), local_day(order.at, program.zone)
    held = frozenset(state.account.belongings)
    basket = Basket(order, order.lines, None, shipping_minor=order.shipping_minor)
    found = Circumstances(place, day, held, order.attributes)
    found = with_facts(program, basket, found)
    idle = []
    for rule in program.rules:
        if isinstance(rule.mechanic, Multiply) and rule.mechanic.rules & earning:
            failed = rule_fails(rule, found) or _matches_nothing(rule, order.lines)
            if failed is not None:
                code, condition = failed
                idle.append(Proof(rule.name, "", 0, why_not=code, condition=condition))
    return idle


def _matches_nothing(rule: Rule, lines: Sequence[Line]) -> Failed | None:
    chosen = multiplier_of(rule).chosen
    if chosen is None or any(selects(chosen, line) for line in lines):
        return None

    return Failed(Refusal.CONDITION, "match")


def _usable(program: Program, state: State, reward: Reward, at: datetime) -> Usable:
    decision = _asked(program, state, reward.name, at, reward=reward.name)
    answer = _answer(decision)
    costs = reward.cost or 0
    if answer.granted:
        paid = sum(take.amount for take in decision.takes)
        return Usable(reward.name, reward.kind, paid, reward.cost_asset if paid else "")

    missing = 0
    if answer.code == Refusal.INSUFFICIENT_POINTS:
        missing = costs - available(state.account.balances, reward.cost_asset)
    return Usable(reward.name, reward.kind, costs, reward.cost_asset, answer.code, missing)


def _payable(program: Program, state: State, total_minor: int, at: datetime) -> Payable | None:
    paying = program.paying
    if paying is None:
        return None

    # All that there is, or one block: a smaller request could never be granted.
    wanted = max(available(state.account.balances, paying.asset), paying.block)
    decision = _asked(
        program, state, "points", at, asset=paying.asset, amount=wanted, order=QUOTED,
        total_minor=total_minor,
    )  # fmt: skip
    answer = _answer(decision)
    if not answer.granted:
        return Payable(paying.asset, 0, 0, answer.code)

    points = answer.data["amount"]
    is_cut = wanted - points >= paying.block
    why_not = Refusal.CAP_REACHED if is_cut else ""
    return Payable(paying.asset, points, points // paying.block * paying.worth_minor, why_not)


def _asked(
    program: Program, state: State, name: str, at: datetime, **wanted: str | int
) -> Decision:
    """A request for something now, decided and not kept."""
    who = Who("id", state.account.member)
    request = RedeemAsked(EventName("", QUOTED, name), at, who, **wanted)  # type: ignore[arg-type]
    decision = decide(program, state, request)
    assert isinstance(decision, Decision), "a request is answered"
    return decision


def _answer(decision: Decision) -> Answer:
    assert decision.answer is not None, "a request is answered"
    return decision.answer
