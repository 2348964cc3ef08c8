"""Orders: one row each in a program, from the first of their events on."""

from collections.abc import Sequence
from typing import NamedTuple

from patron.errors import Raced
from patron.store.pool import Connection, all_written, columns, sql, written

NOBODYS = b"\0"  # The state of an order that came and is nobody's. No encoded one is this.


class OrderRow(NamedTuple):
    """An order as a level. `account` None: only a refund came yet, or the order is nobody's."""

    order_id: str
    account: int | None
    seq: int
    version: int
    tier: int
    state: bytes


class LockedOrder(NamedTuple):
    """An order's row and the number of the member whose it is.

    An inherited one lies under the account of a member who was merged into that one;
    `shift` is what raises its entries' numbers to the heir's.
    """

    row: OrderRow
    member: int | None
    is_inherited: bool = False
    shift: int = 0


async def lock(
    connection: Connection, *, tenant: int, program: int, order_ids: Sequence[str]
) -> list[LockedOrder]:
    """Those of these orders that there are, locked to the commit."""
    if not order_ids:
        return []

    rows = await connection.fetch(sql("orders", "lock"), tenant, program, sorted(set(order_ids)))
    return [LockedOrder(OrderRow(*row[:6]), *row[6:]) for row in map(tuple, rows)]


async def insert(
    connection: Connection, *, tenant: int, program: int, orders: Sequence[OrderRow]
) -> None:
    """New orders. Raises `Raced` where another transaction made one first."""
    if not orders:
        return

    status = await connection.execute(
        sql("orders", "insert"), tenant, program, *columns(sorted(orders, key=_id), 6)
    )
    if written(status) < len(orders):
        raise Raced("an order was written by another transaction")


async def update(
    connection: Connection, *, tenant: int, program: int, orders: Sequence[OrderRow]
) -> None:
    """Orders that this transaction has locked, each given once."""
    if orders:
        status = await connection.execute(
            sql("orders", "update"), tenant, program, *columns(sorted(orders, key=_id), 6)
        )
        all_written(status, orders)


async def nobodys(
    connection: Connection, *, tenant: int, program: int, order_ids: Sequence[str]
) -> set[str]:
    """Those of these orders that came and are nobody's; none is locked."""
    rows = await connection.fetch(
        sql("orders", "nobodys"), tenant, program, list(order_ids), NOBODYS
    )
    return {row["order_id"] for row in rows}


def _id(order: OrderRow) -> str:
    return order.order_id
