"""Notices as bytes: the same cause, the same id; both forms of one event say the same."""

import json
import re
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from patron.core.decision import Notice
from patron.core.facts import EventName
from patron.wire.outgoing import Published, notice_id, pack, published, structured, unpack
from patron_schemas.asyncapi import MAY_BE_ABSENT, NOTICE_HEADERS
from patron_schemas.notices import NOTICE_OF, notice_type

AT = datetime(2026, 3, 10, 12, tzinfo=UTC)
CAUSE = EventName("grocer", "/till", "e1")
OF = {
    "tenant": "grocer",
    "program": "points",
    "member": "ann",
    "cause": CAUSE,
    "kind": "tier.changed",
    "place": 0,
}
TIER = Notice("tier.changed", AT, {"from_tier": "member", "to_tier": "gold", "reason": "reached"})

names = st.text(
    st.characters(exclude_characters="\0", exclude_categories=["Cs"]), min_size=1, max_size=12
)
values = names | st.integers(-(2**53), 2**53) | st.booleans()
notices = st.builds(
    Published,
    id=st.uuids(version=5),
    type=st.sampled_from(sorted(NOTICE_OF)).map(notice_type),
    tenant=names,
    member=names,
    time=st.just("2026-03-10T12:00:00Z"),
    version=st.integers(1, 2**31),
    cause=names,
    order=names | st.just(""),
    data=st.dictionaries(names, values, max_size=5),
)


def notice(**changes: Any) -> Published:
    settings = {
        "tenant": "grocer",
        "program": "points",
        "member": "ann",
        "version": 7,
        "cause": CAUSE,
        "order": "o1",
        "place": 0,
    }
    return published(TIER, **settings | changes)


def test_an_id_is_what_it_was_in_every_release() -> None:
    # Readers have stored it, and what is sent twice is known by it.
    assert notice_id(**OF) == UUID("c73a16f2-974d-5d44-9f41-d59256b20f43")
    assert notice().id == notice_id(**OF)


@pytest.mark.parametrize(
    "other",
    [
        {"tenant": "cafe"},
        {"program": "cups"},
        {"member": "ben"},
        {"cause": CAUSE._replace(source="/web")},
        {"cause": CAUSE._replace(id="e2")},
        {"kind": "reward.unlocked"},
        {"place": 1},
    ],
    ids=lambda other: "-".join(other),
)
def test_another_cause_or_place_is_another_id(other: dict[str, Any]) -> None:
    assert notice_id(**OF | other) != notice_id(**OF)


@given(st.lists(names, min_size=3, max_size=3))
def test_names_that_only_run_together_alike_have_ids_of_their_own(parts: list[str]) -> None:
    first, second, third = parts
    one = notice_id(**OF | {"tenant": first + second, "program": third})
    other = notice_id(**OF | {"tenant": first, "program": second + third})
    assert one != other


def test_an_id_does_not_depend_on_when_it_was_sent_or_what_it_says() -> None:
    assert notice(version=8, order="").id == notice().id


@given(notices)
def test_a_record_says_what_the_structured_form_says(each: Published) -> None:
    record = unpack(pack(each))
    event = structured(each)

    headers = {name: value.decode() for name, value in record.headers}
    assert len(headers) == len(record.headers)
    assert headers.pop("content-type") == "application/json"
    assert json.loads(record.value) == event.pop("data")
    assert headers == {f"ce_{name}": value for name, value in event.items()}
    assert record.key.decode() == event["partitionkey"] == each.member


@given(notices)
def test_packing_is_the_same_each_time(each: Published) -> None:
    assert pack(each) == pack(each)
    assert unpack(pack(each)) == unpack(pack(each))


@pytest.mark.parametrize("order", ["", "o1"])
def test_the_headers_are_those_of_the_contract(order: str) -> None:
    headers = {name for name, _ in unpack(pack(notice(order=order))).headers}
    assert headers == NOTICE_HEADERS.keys() - (MAY_BE_ABSENT if not order else set())


@pytest.mark.parametrize("kind", sorted(NOTICE_OF))
def test_a_notice_has_the_type_that_its_schema_is_filed_under(kind: str) -> None:
    settings = {"tenant": "t", "program": "p", "member": "m", "version": 1, "cause": CAUSE}
    each = published(Notice(kind, AT, {}), **settings, order="", place=0)  # type: ignore[arg-type]
    assert each.type == notice_type(kind)


def test_a_notice_says_its_program_and_member_and_what_the_core_put() -> None:
    assert notice().data == {"program": "points", "member": "ann", **TIER.data}


@pytest.mark.parametrize("at", [AT, AT + timedelta(microseconds=1), AT.replace(year=9999)])
def test_an_instant_is_rfc_3339_in_utc(at: datetime) -> None:
    time = published(
        TIER._replace(at=at),
        tenant="t",
        program="p",
        member="m",
        version=1,
        cause=CAUSE,
        order="",
        place=0,
    ).time
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{6})?Z", time)
    assert datetime.fromisoformat(time) == at


def test_a_members_notices_can_be_sorted_by_their_sequence() -> None:
    sequences = [
        int(dict(unpack(pack(notice(version=version))).headers)["ce_sequence"])
        for version in (9, 10, 11)
    ]
    assert all(before < after for before, after in pairwise(sequences))
