"""Copies of dead letters: the record as it came, the reason behind it, an id of its own."""

import pytest

from patron.store.dead_letters import Original
from patron.stream.producer import too_large
from patron.stream.records import Record
from patron.wire.copies import BYTES_MAX, ID, LEFT_OUT, Copy, copied, copy_id, pack, unpack

CAME = Original(
    "shop.orders.v1", 3, 17, 1_700_000_000_000, b"ann", b"\xff{", (("ce_id", b"e1"), ("x", b"\xfe"))
)


def copy_of(record: Original) -> Copy:
    name = copy_id(record, group="patron")
    return copied(record, name, code="malformed_json", detail="mend the producer")


def test_key_value_and_headers_are_untouched_and_ours_stand_behind_them() -> None:
    copy = copy_of(CAME)

    assert (copy.key, copy.value) == (CAME.key, CAME.value)
    assert copy.headers[:2] == list(CAME.headers)
    assert dict(copy.headers[2:]) == {
        "dlq-id": str(copy_id(CAME, group="patron")).encode(),
        "dlq-code": b"malformed_json",
        "dlq-detail": b"mend the producer",
        "dlq-topic": b"shop.orders.v1",
        "dlq-partition": b"3",
        "dlq-offset": b"17",
        "dlq-timestamp": b"1700000000000",
    }


@pytest.mark.parametrize(
    "other",
    [
        pytest.param(CAME._replace(offset=18), id="another place"),
        pytest.param(CAME._replace(value=b"{"), id="another value, as in a topic made anew"),
        pytest.param(CAME._replace(value=None), id="no value"),
    ],
)
def test_a_record_has_one_id_in_a_group_for_ever_and_another_record_another(
    other: Original,
) -> None:
    assert copy_id(CAME, group="patron") == copy_id(CAME, group="patron")
    assert copy_id(other, group="patron") != copy_id(CAME, group="patron")
    assert copy_id(CAME, group="another") != copy_id(CAME, group="patron")


@pytest.mark.parametrize(
    "record",
    [
        CAME,
        CAME._replace(key=None),
        CAME._replace(value=None),
        CAME._replace(key=None, value=b""),
    ],
)
def test_a_copy_is_packed_and_is_the_same_again(record: Original) -> None:
    copy = copy_of(record)

    assert unpack(pack(copy)) == copy
    assert (copy.key, copy.value) == (record.key, record.value)


def test_a_record_without_key_and_value_has_a_value_of_no_bytes() -> None:
    copy = copy_of(CAME._replace(key=None, value=None))

    assert (copy.key, copy.value) == (None, b"")


@pytest.mark.parametrize(
    "record",
    [
        pytest.param(CAME._replace(value=b"x" * BYTES_MAX), id="value"),
        pytest.param(CAME._replace(key=b"x" * BYTES_MAX), id="key"),
        pytest.param(CAME._replace(headers=(("h", b""),) * (BYTES_MAX // 10)), id="headers"),
    ],
)
def test_what_is_too_large_for_a_topic_is_told_of_by_our_headers_alone(record: Original) -> None:
    copy = copy_of(record)

    assert (copy.key, copy.value) == (None, b"")
    assert [name for name, _ in copy.headers if not name.startswith("dlq-")] == []
    assert {ID, LEFT_OUT} <= dict(copy.headers).keys()


@pytest.mark.parametrize(
    "record",
    [
        CAME._replace(value=b"x" * (BYTES_MAX - 100)),
        CAME._replace(headers=(("h", b""),) * (BYTES_MAX // 11 - 100)),
    ],
)
def test_the_largest_that_is_copied_whole_is_taken_by_the_publisher(record: Original) -> None:
    name = copy_id(record, group="patron")
    copy = copied(record, name, code="x" * 40, detail="ż" * 1024)

    assert copy.value == record.value
    assert too_large([Record("t" * 249, copy.key, copy.value, tuple(copy.headers))]) == []
