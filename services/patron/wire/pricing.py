"""The prices of a checked document as the values that decide."""

from collections.abc import Mapping
from fractions import Fraction

from patron.core.mechanics.percent_off import PercentOff
from patron.core.mechanics.special_price import SpecialPrice
from patron.core.program import During, Match, Price
from patron.wire.figures import minor, reading_of
from patron_schemas import program as language


def price_of(
    price: language.Price,
    meters: Mapping[str, language.Meter],
    *,
    match: Match,
    during: During,
    places: Mapping[str, int],
    digits: int,
) -> Price:
    """One price; `places` are those of the tiers, `digits` the currency's."""
    if price.special_price is not None:
        mechanic: SpecialPrice | PercentOff = _special_price(price.special_price, digits)
    else:
        assert price.percent_off is not None
        mechanic = _percent_off(price.percent_off, meters, places, digits)
    return Price(name=price.price, text=price.text, mechanic=mechanic, match=match, during=during)


def _special_price(special: language.SpecialPrice, digits: int) -> SpecialPrice:
    return SpecialPrice(
        each_minor=minor(special.each, digits),
        sets_of=special.sets_of,
        from_units=special.from_units,
        rounding=special.rounding,
    )


def _percent_off(
    cut: language.PercentOff,
    meters: Mapping[str, language.Meter],
    places: Mapping[str, int],
    digits: int,
) -> PercentOff:
    meter = cut.meter or ""
    return PercentOff(
        percent=Fraction(cut.percent or 0),
        by_tier={places[tier]: Fraction(percent) for tier, percent in cut.by_tier.items()},
        meter=meter,
        steps=tuple(
            (reading_of(step.from_, meters[meter], digits), Fraction(step.percent))
            for step in cut.steps
        ),
        by=cut.by,
        rounding=cut.rounding,
    )
