"""The second model prices random baskets as the core does, by random programs."""

import json
from datetime import date
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from audit.side_by_side import documents
from core.grocery import article
from core.histories import baskets, fixed
from patron.audit import prices as model
from patron.audit.belonging import seen_by
from patron.audit.programs import terms_of
from patron.core.facts import Line
from patron.core.prices import Buyer, priced
from patron.wire.documents import compile_document

DAYS = st.dates(date(2025, 3, 1), date(2025, 3, 14))
READINGS = st.fixed_dictionaries(
    {"spend": st.sampled_from([0, 19_99, 20_00]), "orders": st.sampled_from([0, 1, 2])}
)
HELD = st.frozensets(
    st.sampled_from(["segment/spender", "segment/away", "entitlement/early", "entitlement/lounge"])
)
by_weight = st.builds(
    article, st.sampled_from([99, 7_77]), quantity_milli=st.sampled_from([333, 2_500])
)


@fixed
@given(documents(), baskets, st.lists(by_weight, max_size=1), DAYS, READINGS, st.booleans(), HELD)
def test_a_basket_costs_what_the_second_model_says(
    document: dict[str, Any],
    basket: list[Line],
    weighed: list[Line],
    day: date,
    readings: dict[str, int],
    is_silver: bool,
    held: frozenset[str],
) -> None:
    lines = [line._replace(line=f"l{n}") for n, line in enumerate([*basket, *weighed])]
    program = compile_document(json.dumps(document), source="test")
    buyer = Buyer(int(is_silver), readings, day, held)
    asks = model.Asks("silver" if is_silver else "member", day, readings=readings)
    terms = seen_by(terms_of(json.dumps(document)), held)
    mine = model.costs(terms, [line._asdict() for line in lines], asks)
    assert mine == list(priced(program, lines, buyer).lines_minor)
