"""A member who was erased: the account stays in the books, and is nobody's."""

from core.grocery import (
    Till,
    at,
    bought,
    erased,
    program,
    redeem,
    reserve,
    returned,
    rule,
    voided,
)
from patron.core.account import Balance
from patron.core.mechanics.yearly import Yearly
from patron.core.program import Asset, MonthDay, Span

YEAR = Asset(name="points", lives=Span(months=12))


def till() -> Till:
    """Ann with ten points, which live a year, and nothing more from 3 March on."""
    opened = Till(program(assets=[YEAR]))
    opened.put(bought("a1", 10_00, when="2025-03-01"))
    return opened


def test_the_account_stays_under_its_number_and_its_sums_do_not_change() -> None:
    books = till()
    books.put(erased(when="2025-03-03"))
    account = books.account("ann")
    assert (account.seq, account.erased, account.frozen) == (2, True, True)
    assert books.balance("ann") == Balance(available=10)


def test_its_points_end_in_their_time_and_nothing_is_said_of_it() -> None:
    books = till()
    books.put(erased(when="2025-03-03"))
    said = len(books.said("points.expired"))
    books.wait("2026-03-01")
    assert books.balance("ann") == Balance()
    assert len(books.said("points.expired")) == said


def test_nothing_is_spent_from_it() -> None:
    books = till()
    books.put(erased(when="2025-03-03"))
    assert books.ask(redeem(1, when="2025-03-04")).code == "frozen"


def test_what_was_set_aside_goes_back_when_its_time_is_over() -> None:
    books = till()
    books.put(reserve(4, when="2025-03-03 12:00"), erased(when="2025-03-03 12:01"))
    books.wait("2025-03-03 12:15")
    assert books.balance("ann") == Balance(available=10)


def test_a_refund_that_names_the_order_alone_still_takes_points_back() -> None:
    books = till()
    books.put(erased(when="2025-03-03"))
    books.offer(returned("a1", l1=4_00, when="2025-03-04")._replace(member=None))
    assert books.balance("ann") == Balance(available=6)
    books.offer(voided("a1", when="2025-03-05")._replace(member=None))
    assert books.balance("ann") == Balance()


def test_nothing_is_awarded_to_it_by_time() -> None:
    yearly = rule(Yearly(on=MonthDay(6, 1), points=5), name="june")
    books = Till(program(yearly))
    books.put(bought("a1", 10_00, when="2025-03-01"), erased(when="2025-03-03"))
    books.wait("2026-07-01")
    assert books.balance("ann") == Balance()


def test_an_erasure_that_comes_late_acts_no_earlier_than_its_account() -> None:
    books = till()
    books.put(bought("a2", 5_00, when="2025-03-05"), erased(when="2025-03-03"))
    assert books.account("ann").at == at("2025-03-05")
    assert books.balance("ann") == Balance(available=15)
