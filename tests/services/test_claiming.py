"""What a worker lets go of when somebody else has claimed a partition."""

from patron.intake.claiming import Claims
from patron.store.claims import Claim
from patron.stream.records import Partition

ORDERS, REQUESTS, OTHER = Partition("orders", 0), Partition("members", 0), Partition("orders", 1)


def test_a_fenced_partition_takes_its_siblings_along_so_that_none_runs_ahead() -> None:
    held = Claims(None, None, group="patron", owner="me")  # type: ignore[arg-type]
    held.held = dict.fromkeys([ORDERS, REQUESTS, OTHER], Claim(1, 7, None, None))
    held.drop([ORDERS])
    assert held.held.keys() == {OTHER}
