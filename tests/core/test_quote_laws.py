"""A quote says what the purchase and the requests after it will, over random histories."""

from datetime import timedelta
from typing import Any

from hypothesis import Phase, given, settings

from audit.side_by_side import documents, played
from core.grocery import bought, redeem
from core.histories import baskets, fixed, histories
from patron.core.facts import Fact, Line, OrderCompleted
from patron.core.quote import Quote
from patron.engine import quoting


@settings(fixed, max_examples=60, phases=[Phase.generate])
@given(documents(), histories(), baskets)
def test_a_quote_says_what_follows_when_it_is_taken_up(
    document: dict[str, Any], facts: list[Fact], basket: list[Line]
) -> None:
    till = played(document, facts)
    later = max(fact.at for fact in facts) + timedelta(hours=1)
    order = bought("quoted", *basket, when=later)
    quote = quoting.quoted(till.book, order, member="ann")
    assert isinstance(quote, Quote)

    for usable in quote.usable:
        answer = played(document, facts).ask(redeem(reward=usable.reward, when=later))
        assert answer.code == usable.why_not
    decision = till.put(_at_its_prices(order, quote))
    rules = {proof.rule for proof in decision.proofs}
    assert [proof for proof in quote.earns if proof.rule in rules] == list(decision.proofs)
    assert quote.tier_after == decision.account.tier


def _at_its_prices(order: OrderCompleted, quote: Quote) -> OrderCompleted:
    lines = [
        line._replace(paid_minor=quoted.costs_minor, tax_minor=quoted.tax_minor)
        for line, quoted in zip(order.lines, quote.lines, strict=True)
    ]
    return order._replace(lines=tuple(lines))
