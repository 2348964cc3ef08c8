"""Migrations: plain SQL, forward only, one at a time whoever starts them."""

from hashlib import sha256
from importlib import resources

from patron.errors import Misconfigured
from patron.store.pool import Connection, connect, translated

LOCK = 0x706174726F6E  # "patron"

LEDGER = """
CREATE TABLE IF NOT EXISTS migration (
    name text PRIMARY KEY,
    hash text NOT NULL,
    applied_at timestamptz NOT NULL DEFAULT now()
)
"""


def shipped() -> list[tuple[str, str]]:
    """Name and text of each migration, in order."""
    folder = resources.files(__package__) / "migrations"
    files = sorted(file.name for file in folder.iterdir() if file.name.endswith(".sql"))
    return [(name, (folder / name).read_text("utf-8")) for name in files]


async def migrate(dsn: str) -> list[str]:
    """Bring the schema up to date; return the names of what was applied.

    Two that start together both succeed. Raises `Misconfigured` where an applied
    migration is not the one that this version ships.
    """
    # It may take minutes over a large table, and whoever comes second waits for all of it.
    connection = await connect(dsn, patient=True)
    try:
        with translated():
            await connection.execute("SELECT pg_advisory_lock($1)", LOCK)
            await connection.execute(LEDGER)
            return [
                name for name, text in shipped() if await _apply(connection, name=name, text=text)
            ]
    finally:
        await connection.close()  # And with it the lock.


async def _apply(connection: Connection, *, name: str, text: str) -> bool:
    digest = sha256(text.encode()).hexdigest()
    applied = await connection.fetchval("SELECT hash FROM migration WHERE name = $1", name)
    if applied is not None:
        if applied != digest:
            raise Misconfigured(f"migration {name} was changed after it was applied")
        return False

    async with connection.transaction():
        await connection.execute(text)
        await connection.execute("INSERT INTO migration (name, hash) VALUES ($1, $2)", name, digest)
    return True


async def missing(connection: Connection) -> list[str]:
    """The migrations that this version ships and the database lacks."""
    with translated():
        if await connection.fetchval("SELECT to_regclass('migration')") is None:
            return [name for name, _ in shipped()]
        applied = {row["name"] for row in await connection.fetch("SELECT name FROM migration")}
    return [name for name, _ in shipped() if name not in applied]
