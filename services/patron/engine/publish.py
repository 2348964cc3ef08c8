"""Publishing a program: from an instant on, this version decides."""

from datetime import datetime
from typing import NamedTuple

from patron.core.pools import all_reward_pools, budget_pools
from patron.core.program import Program
from patron.engine.catalogue import Catalogue
from patron.errors import Misconfigured
from patron.store import accounts, programs
from patron.store.pool import Pool, transaction
from patron.store.sealing import Sealer
from patron.wire.documents import compile_document

ACCOUNTS_MAX = 5_000  # Looked at again in one transaction.


class Publication(NamedTuple):
    """A version that is published now."""

    program: Program
    tenant: str
    since: datetime


async def publish(
    pool: Pool,
    sealer: Sealer,
    *,
    tenant: str,
    document: str,
    source: str,
    since: datetime | None = None,
) -> Publication:
    """Publish a document for a tenant, in force from `since` (None: from now on).

    A version may be in force before now only where its tenant takes late events without a
    limit: a past that is already decided is not decided anew. The latest version again
    changes nothing. Raises `InvalidProgram`, `Misconfigured`.
    """
    program = compile_document(document, source=source)
    async with transaction(pool) as connection:
        now, _ = await programs.revision(connection)
        catalogue = await Catalogue.load(connection, sealer)
        if tenant not in catalogue.tenants:
            raise Misconfigured(f'there is no tenant "{tenant}": `patron tenant add {tenant}`')
        whose = catalogue.tenants[tenant]
        if since is not None and since < now and whose.late_max is not None:
            raise Misconfigured(
                "a version can't be in force before it is published, unless its tenant "
                "has no late_max (history, imports)"
            )
        before = next((s for s in whose.programs if s.name == program.name), None)
        if before is not None:
            latest = before.lineage.versions[-1]
            _check_kept(latest.program, program)
            if since is None and latest.program.version == program.version:
                since = latest.since
        since = since or now
        version = await programs.publish(
            connection,
            tenant=whose.number,
            name=program.name,
            version_hash=program.version,
            document=document,
            in_force_from=since,
            names=_names(program),
            pools=(*budget_pools(program), *all_reward_pools(program)),
        )
    await _look_again(pool, version, since)
    return Publication(program, tenant, since)


async def _look_again(pool: Pool, version: int, since: datetime) -> None:
    """Let time look at every account when the version comes in force: ends may be told anew.

    Some accounts at a time, so that nobody waits for all of them. Who opens one from now
    on knows the version.
    """
    after: int | None = 0
    while after is not None:
        async with transaction(pool) as connection:
            after = await accounts.look_again(
                connection, version=version, since=since, after=after, accounts_max=ACCOUNTS_MAX
            )


def _check_kept(before: Program, now: Program) -> None:
    """Members may hold what an older version gave: it has to stay declared."""
    gone = [
        *(f"asset {name}" for name in before.assets if name not in now.assets),
        *(f"reward {name}" for name in before.rewards if name not in now.rewards),
    ]
    if gone:
        raise Misconfigured(
            f"{now.name} no longer declares {', '.join(gone)}, which members may hold; "
            "keep the declaration and drop the rules that give it"
        )


def _names(program: Program) -> dict[str, list[str]]:
    ladder = program.ladder.tiers if program.ladder else ()
    return {
        "asset": list(program.assets),
        "rule": [rule.name for rule in program.rules],
        "tier": [tier.name for tier in ladder],
        "reward": list(program.rewards),
    }
