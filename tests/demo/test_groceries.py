"""The stream of the demo: in order, the same every time, and with what it promises in it."""

from collections import Counter
from datetime import datetime
from decimal import Decimal
from typing import Any, NamedTuple

import orjson
import pytest
from pydantic import ValidationError

from patron.demo.baskets import Slice
from patron.demo.events import Produced, Topics
from patron.demo.groceries import Groceries, Summary
from patron.demo.made_up import DAY_MS
from patron_schemas.topics import EVENT, INCOMING, type_of

SLICE = Slice(households_max=60)


class Run(NamedTuple):
    """One pass over the stream."""

    records: list[Produced]
    summary: Summary
    expected: int


@pytest.fixture(scope="module")
def run() -> Run:
    groceries = Groceries(SLICE)
    return Run(list(groceries), groceries.summary, groceries.events_expected)


def whole(records: list[Produced]) -> list[Produced]:
    """Records that were not broken on purpose."""
    return [record for record in records if b'"broken-' not in record.value]


def readable(records: list[Produced]) -> list[dict[str, Any]]:
    """Events that are JSON and not broken on purpose, each once."""
    events = {}
    for record in whole(records):
        event = orjson.loads(record.value)
        events[event["id"]] = event
    return list(events.values())


def kinds(records: list[Produced], kind: str) -> list[dict[str, Any]]:
    return [event for event in readable(records) if kind in event["type"]]


def test_records_come_in_order_of_receipt(run: Run) -> None:
    received = [record.timestamp_ms for record in run.records]
    assert received == sorted(received)
    assert (received[0], received[-1]) == (run.summary.first_ms, run.summary.last_ms)


def test_the_same_seed_gives_the_same_bytes_and_another_seed_does_not(run: Run) -> None:
    assert list(Groceries(SLICE)) == run.records
    other = list(Groceries(SLICE, seed=7))
    assert other != run.records
    assert len(kinds(other, "order.completed")) == len(kinds(run.records, "order.completed"))


def test_the_summary_counts_what_came(run: Run) -> None:
    summary = run.summary
    assert summary.events == len(run.records)
    assert summary.bytes == sum(len(record.value) for record in run.records)
    assert summary.baskets == len(kinds(run.records, "order.completed"))
    assert summary.coupons == len(kinds(run.records, "coupon"))
    assert summary.refunds == len(kinds(run.records, "order.refunded"))
    assert summary.cancellations == len(kinds(run.records, "order.cancelled"))
    assert summary.requests == len(kinds(run.records, "request.redeem"))
    parts = summary.baskets + summary.coupons + summary.refunds + summary.cancellations
    parts += summary.requests + summary.duplicates + summary.malformed
    assert summary.events == parts


def test_the_expected_number_is_near_the_real_one(run: Run) -> None:
    assert run.expected == pytest.approx(run.summary.events, rel=0.03)


def test_keys_are_the_member_and_times_the_event_s_own(run: Run) -> None:
    seen: set[bytes] = set()
    for record in run.records:
        if b'"broken-' in record.value or record.value in seen:
            continue
        seen.add(record.value)
        event = orjson.loads(record.value)
        at_ms = round(datetime.fromisoformat(event["time"]).timestamp() * 1000)
        assert record.timestamp_ms == at_ms
        assert record.key.startswith(b"household-")
        assert record.key.decode() in record.value.decode()


def test_a_sample_of_each_kind_is_what_the_contract_says_and_nothing_more(run: Run) -> None:
    checked: Counter[str] = Counter()
    for event in readable(run.records):
        checked[event["type"]] += 1
        if checked[event["type"]] <= 300:
            read = EVENT.validate_json(orjson.dumps(event))
            # Every field that we write is one that the contract knows.
            assert read.model_dump(mode="json", exclude_unset=True) == {
                **event,
                "time": read.model_dump(mode="json")["time"],
            }
            assert read.time == datetime.fromisoformat(event["time"])
    assert set(checked) == {
        "io.patron.order.completed.v1",
        "io.patron.order.refunded.v1",
        "io.patron.order.cancelled.v1",
        "io.patron.coupon.redeemed.v1",
        "io.patron.request.redeem.v1",
    }


def test_every_record_lies_on_the_topic_that_carries_its_type(run: Run) -> None:
    carried = {type_of(event): incoming.topic for incoming in INCOMING for event in incoming.events}
    topics = {(event.topic, orjson.loads(event.value)["type"]) for event in whole(run.records)}
    assert all(carried[kind] == topic for topic, kind in topics)


def test_broken_events_break_the_contract_or_their_key(run: Run) -> None:
    for record in run.records:
        if b'"broken-' in record.value and record.key != b"household-0":
            if record.value.count(b'"specversion"') == 2:
                continue  # A parser that is not asked takes the last; ours is asked.
            with pytest.raises(ValidationError):
                EVENT.validate_json(record.value)


def test_one_in_a_hundred_comes_twice_with_the_same_bytes_and_later(run: Run) -> None:
    first: dict[bytes, int] = {}
    again = 0
    for record in run.records:
        if record.value in first:
            again += 1
            assert 0 < record.timestamp_ms - first[record.value] <= DAY_MS // 4
        first.setdefault(record.value, record.timestamp_ms)
    assert again == run.summary.duplicates
    assert again / run.summary.events == pytest.approx(0.01, rel=0.5)


def test_a_refund_comes_1_to_20_days_after_its_order_and_never_exceeds_it(run: Run) -> None:
    orders = {event["data"]["order"]: event for event in kinds(run.records, "order.completed")}
    refunds = kinds(run.records, "order.refunded")
    assert len({event["data"]["order"] for event in refunds}) == len(refunds) > 20
    for refund in refunds:
        order = orders[refund["data"]["order"]]
        after = datetime.fromisoformat(refund["time"]) - datetime.fromisoformat(order["time"])
        assert 1 <= after.total_seconds() / 86_400 <= 20
        paid = {line["line"]: Decimal(line["paid"]) for line in order["data"]["lines"]}
        if "lines" in refund["data"]:
            for line in refund["data"]["lines"]:
                assert Decimal(line["amount"]) == paid[line["line"]]
        else:
            assert 0 < Decimal(refund["data"]["amount"]) <= sum(paid.values())


def test_refunds_are_half_by_lines_and_the_rest_by_amount_or_in_full() -> None:
    groceries = Groceries(Slice(households_max=400))
    for _ in groceries:
        pass
    summary = groceries.summary
    assert summary.refunds / summary.baskets == pytest.approx(0.015, rel=0.2)
    assert summary.refunds_by_lines / summary.refunds == pytest.approx(0.5, abs=0.1)
    assert summary.refunds_by_amount / summary.refunds == pytest.approx(0.25, abs=0.1)
    assert summary.cancellations > 10
    assert summary.requests > 400


def test_broken_events_differ_and_have_names_of_their_own(run: Run) -> None:
    broken = [record for record in run.records if b'"broken-' in record.value]
    assert len(broken) == run.summary.malformed == 6
    assert len({record.value[:64] for record in broken}) == 6
    assert all(b"\n" not in record.value for record in broken)
    unreadable = Counter()
    for record in broken:
        try:
            orjson.loads(record.value)
        except orjson.JSONDecodeError:
            unreadable["not JSON"] += 1
    assert unreadable["not JSON"] == 2  # One cut short, one with NaN.
    assert sum(b'"-1.00"' in record.value for record in broken) == 1
    assert sum(record.value.count(b'"specversion"') == 2 for record in broken) == 1
    assert sum(record.key == b"household-0" for record in broken) == 1


def test_topics_are_those_that_were_asked_for() -> None:
    records = list(Groceries(SLICE, to=Topics(orders="a", engagement="b", members="c")))
    assert {record.topic for record in records} == {"a", "b", "c"}


def test_a_slice_shorter_than_the_number_of_broken_events_is_fine() -> None:
    records = list(Groceries(Slice(households_max=1, days=3)))
    assert len(records) < 20


def test_the_report_says_what_was_made_up(run: Run) -> None:
    said = run.summary.made_up()
    assert f"{run.summary.refunds:,} refunds" in said
    assert "seed 2017" in said
