"""What an engine knows before any event comes: tenants, their programs, their numbers.

Read from the tables once, and again when a batch sees that something was published.
"""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import NamedTuple

from patron.core.program import Program
from patron.engine.lineage import InForce, Lineage
from patron.engine.names import Names
from patron.store import programs, tenants
from patron.store.pool import Connection
from patron.store.sealing import Sealer
from patron.store.tenants import Unknown
from patron.wire.documents import compile_document
from patron.wire.identity import Hasher
from patron.wire.incoming import Sender


class Served(NamedTuple):
    """One program of one tenant, with the numbers that its rows keep for its names."""

    number: int
    name: str
    lineage: Lineage
    names: Names


class Tenant(NamedTuple):
    """Whose members these are, and how late their events may come."""

    number: int
    name: str
    late_max: timedelta | None
    early_max: timedelta
    follows_input: bool  # Its clock is its input's, not the database's.
    unknown: Unknown
    hasher: Hasher
    programs: tuple[Served, ...]  # In order of their numbers.


class Catalogue:
    """Tenants by name."""

    def __init__(self, revision: int, tenants_by_name: Mapping[str, Tenant]) -> None:
        self.revision = revision
        self.tenants = tenants_by_name
        self.senders = {
            name: Sender(tenant.hasher, tenant.late_max, tenant.early_max)
            for name, tenant in tenants_by_name.items()
        }

    @classmethod
    async def load(cls, connection: Connection, sealer: Sealer) -> "Catalogue":
        """Everything that is published, compiled."""
        _, revision = await programs.revision(connection)
        by_name = {}
        for row in await tenants.all_tenants(connection, sealer):
            served = await _served(connection, row.tenant)
            by_name[row.name] = Tenant(
                row.tenant,
                row.name,
                row.late_max,
                row.early_max,
                row.follows_input,
                row.unknown,
                Hasher(row.identifier_key),
                served,
            )
        return cls(revision, by_name)


_COMPILED: dict[str, Program] = {}


def compiled(version: str, document: str) -> Program:
    """A published document as a program; each is compiled once in a process."""
    if version not in _COMPILED:
        program = compile_document(document, source=f"version {version}")
        assert program.version == version
        _COMPILED[version] = program
    return _COMPILED[version]


async def _served(connection: Connection, tenant: int) -> tuple[Served, ...]:
    rows: dict[tuple[int, str], list[programs.VersionRow]] = {}
    for row in await programs.versions(connection, tenant):
        rows.setdefault((row.program, row.name), []).append(row)
    return tuple(
        [
            Served(
                number,
                name,
                _lineage(versions),
                Names(await programs.numbering(connection, number)),
            )
            for (number, name), versions in sorted(rows.items())
        ]
    )


def _lineage(rows: Sequence[programs.VersionRow]) -> Lineage:
    return Lineage(
        [InForce(row.in_force_from, compiled(row.hash, row.document), row.version) for row in rows]
    )
