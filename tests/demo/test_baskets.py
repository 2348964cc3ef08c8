"""The grocer's year, held against what is known of the data and against itself."""

from collections import Counter
from datetime import datetime
from decimal import Decimal

import polars as pl
import pytest

from patron.demo.baskets import Basket, Slice, Year, _scan

SLICE = Slice(households_max=150)


@pytest.fixture(scope="module")
def year() -> Year:
    return Year()


@pytest.fixture(scope="module")
def baskets() -> list[Basket]:
    return list(Year(SLICE).iter_baskets())


def test_the_whole_year_is_there(year: Year) -> None:
    assert (year.baskets, year.lines, year.households) == (155_848, 1_469_307, 2_469)
    assert year.redemptions == 2_102


def test_what_members_paid_is_what_the_shop_got_less_the_coupons_that_could_be_used(
    year: Year,
) -> None:
    got_minor, coupons_minor = 459_603_958, 2_635_990  # Sums of the columns, in cents.
    assert year.paid_minor == got_minor - coupons_minor + year.oddities.coupon_unused_minor


def test_oddities_are_counted(year: Year) -> None:
    odd = year.oddities
    assert odd.lines_without_units == 8_869
    assert odd.lines_without_product == 4_836
    assert odd.negative_amounts == 0
    assert 0 < odd.coupon_unused_minor < 10_000


def test_baskets_come_in_order_of_time_and_each_once(baskets: list[Basket]) -> None:
    assert [b.at_ms for b in baskets] == sorted(b.at_ms for b in baskets)
    assert len({b.basket for b in baskets}) == len(baskets) == Year(SLICE).baskets


def test_a_slice_is_the_same_baskets_as_in_a_larger_one(baskets: list[Basket]) -> None:
    wanted = {b.household for b in Year(Slice(households_max=40)).iter_baskets()}
    smaller = list(Year(Slice(households_max=40)).iter_baskets())
    assert len(wanted) == 40
    assert smaller == [b for b in baskets if b.household in wanted]


def test_the_year_is_the_local_year(baskets: list[Basket]) -> None:
    assert baskets[0].time.startswith("2017-01-01T")
    assert {b.time[:4] for b in baskets} == {"2017"}
    assert {b.time[-6:] for b in baskets} == {"-05:00", "-04:00"}


def test_local_text_and_instant_agree(baskets: list[Basket]) -> None:
    for basket in baskets:
        assert round(datetime.fromisoformat(basket.time).timestamp() * 1000) == basket.at_ms


def test_days_cut_at_local_midnight() -> None:
    first = list(Year(Slice(households_max=150, days=31)).iter_baskets())
    assert first[-1].time.startswith("2017-01-3")
    assert all(b.time.startswith("2017-01") for b in first)


def test_lines_keep_their_amounts_to_the_cent(baskets: list[Basket]) -> None:
    raw = _scan("transactions").select("basket_id", "sales_value", "coupon_disc").collect()
    sums = raw.group_by("basket_id").agg(pl.sum("sales_value"), pl.sum("coupon_disc"))
    got = {
        basket: max(0, round(sales * 100) - round(coupon * 100))
        for basket, sales, coupon in sums.iter_rows()
    }
    for basket in baskets:
        paid = sum(Decimal(line["paid"]) for line in basket.lines)
        assert paid * 100 == basket.paid_minor == got[basket.basket]


def test_no_line_costs_less_than_nothing_nor_more_than_its_list_price(
    baskets: list[Basket],
) -> None:
    for basket in baskets:
        for line in basket.lines:
            assert 0 <= Decimal(line["paid"]) <= Decimal(line["list"])


def test_a_coupon_on_a_line_of_its_own_is_taken_off_the_others() -> None:
    # Sold: 1 line of 3.34 and others; the till wrote a coupon of 2.00 as a line.
    found = next(b for b in Year().iter_baskets() if b.basket == 31_198_795_316)
    coupon = [line for line in found.lines if line["kind"] == "discount"]
    assert [(line["paid"], line["quantity"]) for line in coupon] == [("0.00", "0")]
    raw = _scan("transactions").filter(pl.col("basket_id") == found.basket).collect()
    off = raw["sales_value"].sum() - raw["coupon_disc"].sum()
    assert found.paid_minor == round(off * 100) > 0


def test_gas_is_in_gallons_and_everything_else_in_pieces(baskets: list[Basket]) -> None:
    lines = [line for basket in baskets for line in basket.lines]
    gas = [Decimal(line["quantity"]) for line in lines if line["category"] == "FUEL"]
    assert 5 < sorted(gas)[len(gas) // 2] < 15
    assert max(gas) < 100
    assert all(
        "." not in line["quantity"]
        for line in lines
        if line["category"] not in ("FUEL", "MISCELLANEOUS")
    )


def test_lines_are_numbered_within_their_basket(baskets: list[Basket]) -> None:
    for basket in baskets:
        assert [line["line"] for line in basket.lines] == [
            str(number) for number in range(1, len(basket.lines) + 1)
        ]
        assert len(basket.lines) <= 500


def test_kinds_are_told_apart(baskets: list[Basket]) -> None:
    kinds = Counter(line["kind"] for basket in baskets for line in basket.lines)
    assert set(kinds) == {"goods", "gift_card", "discount"}
    assert kinds["goods"] > 100 * (kinds["gift_card"] + kinds["discount"])


def test_redemptions_are_at_noon_in_new_york() -> None:
    redemptions = list(Year().iter_redemptions())
    assert len(redemptions) == 2_102
    assert {r.time[10:] for r in redemptions} == {"T12:00:00-05:00", "T12:00:00-04:00"}
    assert [r.at_ms for r in redemptions] == sorted(r.at_ms for r in redemptions)
    for redemption in redemptions[::100]:
        assert datetime.fromisoformat(redemption.time).timestamp() * 1000 == redemption.at_ms
