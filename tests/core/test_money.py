"""Rounding once, and shares that add up."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from patron.core.money import rounded, spread


@pytest.mark.parametrize(
    ("numerator", "denominator", "floor", "half_up", "half_even", "ceil"),
    [
        pytest.param(6, 2, 3, 3, 3, 3, id="whole"),
        pytest.param(5, 2, 2, 3, 2, 3, id="half-over-even"),
        pytest.param(7, 2, 3, 4, 4, 4, id="half-over-odd"),
        pytest.param(9, 4, 2, 2, 2, 3, id="below-half"),
        pytest.param(11, 4, 2, 3, 3, 3, id="above-half"),
        pytest.param(1, 3, 0, 0, 0, 1, id="third"),
        pytest.param(0, 7, 0, 0, 0, 0, id="nothing"),
        pytest.param(-5, 2, -3, -2, -2, -2, id="below-zero"),
    ],
)
def test_a_fraction_is_rounded_as_the_rule_says(
    numerator: int, denominator: int, floor: int, half_up: int, half_even: int, ceil: int
) -> None:
    assert rounded(numerator, denominator, "floor") == floor
    assert rounded(numerator, denominator, "half_up") == half_up
    assert rounded(numerator, denominator, "half_even") == half_even
    assert rounded(numerator, denominator, "ceil") == ceil


@pytest.mark.parametrize(
    ("amount", "weights", "parts"),
    [
        pytest.param(100, [1, 1], [50, 50], id="even"),
        pytest.param(100, [1, 1, 1], [34, 33, 33], id="a-tie-goes-to-the-first"),
        pytest.param(10, [1, 2, 4], [1, 3, 6], id="largest-remainder"),
        pytest.param(1, [1, 99], [0, 1], id="the-larger-one-takes-the-cent"),
        pytest.param(7, [0, 5, 0], [0, 7, 0], id="no-weight-no-part"),
        pytest.param(7, [0, 0], [0, 0], id="nowhere-to-go"),
        pytest.param(0, [3, 4], [0, 0], id="nothing-to-spread"),
        pytest.param(5, [], [], id="no-places"),
    ],
)
def test_an_amount_is_spread_by_largest_remainder(
    amount: int, weights: list[int], parts: list[int]
) -> None:
    assert spread(amount, weights) == parts


@given(st.integers(0, 10**12), st.lists(st.integers(0, 10**9), min_size=1, max_size=20))
def test_parts_add_up_and_no_part_is_a_unit_off(amount: int, weights: list[int]) -> None:
    parts, total = spread(amount, weights), sum(weights)
    assert sum(parts) == (amount if total else 0)
    for part, weight in zip(parts, weights, strict=True):
        assert abs(part * total - amount * weight) < max(total, 1)
