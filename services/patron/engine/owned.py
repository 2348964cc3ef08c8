"""Whose an order is, also once its member was merged into another."""

from typing import NamedTuple

from patron.core.account import OrderState


class Home(NamedTuple):
    """The account whose entry has an order's lines, of a member who was merged into another."""

    account: int
    shift: int  # What the numbers of its entries are raised by in the heir's account.


class Owned(NamedTuple):
    """An order and the member whose it is."""

    member: str
    state: OrderState
    home: Home | None = None  # None: its member's own account has its lines.
