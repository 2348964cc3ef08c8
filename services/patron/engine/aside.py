"""Dead letters are set aside: as rows, and where it is asked for as copies owed to a topic.

The rows are the truth. A copy is owed by the transaction that set its letter aside, lies
sealed in the outbox as its letter does, and leaves by the relay as notices do.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from patron.store import dead_letters, outbox
from patron.store.dead_letters import LONGEST_DETAIL, DeadLetter
from patron.store.outbox import OwedNotice
from patron.store.pool import Connection
from patron.store.sealing import Sealer
from patron.wire.copies import copied, copy_id, pack
from patron.wire.outgoing import shard_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Aside:
    """Where dead letters go."""

    sealer: Sealer
    group: str
    shards: int
    copies: bool  # To the topic of dead letters, too.

    async def put(self, connection: Connection, letters: Sequence[DeadLetter]) -> None:
        """Set records aside, in the transaction that found them."""
        await dead_letters.append(connection, self.sealer, letters)
        if self.copies:
            await outbox.append(connection, [self._copy(letter) for letter in letters])

    def _copy(self, letter: DeadLetter) -> OwedNotice:
        name = copy_id(letter.record, group=self.group)
        detail = letter.detail[:LONGEST_DETAIL]
        copy = copied(letter.record, name, code=letter.code, detail=detail)
        shard = shard_of(copy.key or b"", self.shards)
        return OwedNotice(shard, name, self.sealer.seal(pack(copy)), is_letter=True)
