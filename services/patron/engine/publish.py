"""Publishing a program: from an instant on, this version decides."""

from datetime import datetime
from typing import NamedTuple

from patron.core.pools import all_reward_pools, budget_pools
from patron.core.program import Program
from patron.engine.catalogue import Catalogue
from patron.errors import Misconfigured
from patron.store import programs
from patron.store.pool import Pool, transaction
from patron.store.sealing import Sealer
from patron.wire.documents import compile_document


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
    limit: a past that is already decided is not decided anew. Raises `InvalidProgram`,
    `Misconfigured`.
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
            _check_kept(before.lineage.versions[-1].program, program)
        since = since or now
        await programs.publish(
            connection,
            tenant=whose.number,
            name=program.name,
            version_hash=program.version,
            document=document,
            in_force_from=since,
            names=_names(program),
            pools=(*budget_pools(program), *all_reward_pools(program)),
        )
    return Publication(program, tenant, since)


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
