"""Merging: examples, then laws over any backlog."""

from collections.abc import Mapping

from hypothesis import given
from hypothesis import strategies as st

from patron.intake.merging import Taken, take
from patron.stream.records import Partition, RawRecord

ORDERS, ENGAGEMENT = Partition("orders", 0), Partition("engagement", 0)
OTHER = Partition("orders", 1)


def records(partition: Partition, *times_ms: int, size_bytes: int = 1) -> list[RawRecord]:
    value = b"v" * size_bytes
    return [RawRecord(*partition, at, each, b"k", value, ()) for at, each in enumerate(times_ms)]


def times_ms(taken: Taken) -> list[int]:
    return [record.timestamp_ms for record in taken.now]


def merged(
    buffered: Mapping[Partition, list[RawRecord]],
    *lagging: Partition,
    records_max: int = 100,
    bytes_max: int = 10_000,
    turn: int = 0,
) -> Taken:
    return take(buffered, lagging=lagging, records_max=records_max, bytes_max=bytes_max, turn=turn)


def test_siblings_merge_by_time() -> None:
    buffered = {ORDERS: records(ORDERS, 1, 4, 5), ENGAGEMENT: records(ENGAGEMENT, 2, 3, 6)}

    assert times_ms(merged(buffered)) == [1, 2, 3, 4, 5, 6]


def test_nothing_runs_ahead_of_a_sibling_with_lag() -> None:
    buffered = {ORDERS: records(ORDERS, 1, 4, 5), ENGAGEMENT: records(ENGAGEMENT, 2, 3)}
    taken = merged(buffered, ENGAGEMENT)

    assert times_ms(taken) == [1, 2, 3]
    assert taken.later == {ORDERS: buffered[ORDERS][1:]}


def test_a_family_waits_for_what_is_not_read_yet_and_another_does_not() -> None:
    buffered = {ORDERS: records(ORDERS, 1), OTHER: records(OTHER, 9)}

    assert merged(buffered, ENGAGEMENT).now == buffered[OTHER]


def test_a_log_that_is_not_in_order_of_time_keeps_its_order() -> None:
    buffered = {ORDERS: records(ORDERS, 5, 1), ENGAGEMENT: records(ENGAGEMENT, 3)}

    assert times_ms(merged(buffered)) == [3, 5, 1]


def test_a_batch_ends_at_its_bytes_but_takes_one_record_however_large() -> None:
    buffered = {ORDERS: records(ORDERS, 1, 2, 3, size_bytes=60)}

    assert times_ms(merged(buffered, bytes_max=150)) == [1, 2]
    assert times_ms(merged(buffered, bytes_max=1)) == [1]


def test_families_take_turns_at_coming_first() -> None:
    buffered = {ORDERS: records(ORDERS, 1, 2), OTHER: records(OTHER, 8, 9)}

    assert times_ms(merged(buffered, records_max=2)) == [1, 2]
    assert times_ms(merged(buffered, records_max=2, turn=1)) == [8, 9]


PARTITIONS = [Partition(topic, number) for topic in "abc" for number in range(3)]
BACKLOGS = st.dictionaries(
    st.sampled_from(PARTITIONS), st.lists(st.integers(0, 50), max_size=12).map(tuple)
).map(lambda found: {each: records(each, *found[each]) for each in found})
LAGGING = st.frozensets(st.sampled_from(PARTITIONS))


@given(BACKLOGS, LAGGING, st.integers(1, 20), st.integers(1, 20), st.integers(0, 99))
def test_nothing_is_lost_and_each_partition_keeps_its_order(
    buffered: dict[Partition, list[RawRecord]],
    lagging: frozenset[Partition],
    records_max: int,
    bytes_max: int,
    turn: int,
) -> None:
    taken = merged(buffered, *lagging, records_max=records_max, bytes_max=bytes_max, turn=turn)

    assert len(taken.now) <= min(records_max, bytes_max)
    for partition, had in buffered.items():
        now = [each for each in taken.now if (each.topic, each.partition) == partition]
        assert now + taken.later.get(partition, []) == had


@given(BACKLOGS, LAGGING)
def test_no_record_acts_before_one_that_may_still_come(
    buffered: dict[Partition, list[RawRecord]], lagging: frozenset[Partition]
) -> None:
    taken = merged(buffered, *lagging)

    for number in range(3):
        acted = [each for each in taken.now if each.partition == number]
        for partition in lagging:
            if partition.partition == number and not taken.later.get(partition):
                # Its last record that was read, if any, is the last one that acts.
                had = buffered.get(partition, [])
                assert acted[-1:] == had[-1:]


@given(BACKLOGS)
def test_ordered_logs_act_in_order_of_time(buffered: dict[Partition, list[RawRecord]]) -> None:
    ordered = {
        partition: records(partition, *sorted(each.timestamp_ms for each in had))
        for partition, had in buffered.items()
    }
    taken = merged(ordered, records_max=1000)

    for number in range(3):
        acted = [each.timestamp_ms for each in taken.now if each.partition == number]
        assert acted == sorted(acted)


@given(BACKLOGS, st.integers(1, 5))
def test_turn_by_turn_everything_acts(
    buffered: dict[Partition, list[RawRecord]], records_max: int
) -> None:
    left, acted = buffered, 0
    for turn in range(200):
        taken = merged(left, records_max=records_max, turn=turn)
        left, acted = taken.later, acted + len(taken.now)
        if not left:
            break
    assert acted == sum(map(len, buffered.values()))
