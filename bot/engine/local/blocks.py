"""Which blocks of the KV cache are free, who shares them and what they hold.

Pure bookkeeping over block numbers: knows neither tensors nor threads.
"""

from __future__ import annotations

from array import array
from collections import OrderedDict
from collections.abc import Iterable, Sequence
from hashlib import sha256


def name_block(parent: bytes, tokens: Sequence[int]) -> bytes:
    """The name of a full block: says what it holds and, through its parent's, all before it.

    Cryptographic, because equal names mean that one conversation reads another's block: somebody
    who could choose tokens that collide would be answered out of other people's chats.
    """
    return sha256(parent + array("q", tokens).tobytes()).digest()


class BlockPool:
    """`count` blocks of `size` tokens. A block is empty, in use by one or more sequences, or idle:
    used by nobody, but what it holds can still be found by its name, if the pool `keeps` that."""

    def __init__(self, count: int, size: int, *, keep: bool = True) -> None:
        self.count, self.size = count, size
        self.keeps = keep
        self._users = [0] * count
        self._empty = list(range(count - 1, -1, -1))
        self._idle: OrderedDict[int, None] = OrderedDict()  # least recently used first
        self._names: dict[int, bytes] = {}
        self._named: dict[bytes, int] = {}

    @property
    def available(self) -> int:
        """How many blocks `take` could give."""
        return len(self._empty) + len(self._idle)

    def blocks_for(self, tokens: int) -> int:
        return -(-tokens // self.size)

    def find(self, names: Iterable[bytes]) -> list[int]:
        """The blocks of the longest run of `names`, from the first on, that is still here."""
        found = []
        for name in names:
            block = self._named.get(name)
            if block is None:
                break
            found.append(block)
        return found

    def idle(self, blocks: Iterable[int]) -> int:
        """How many of these blocks count as available until they are shared."""
        return sum(block in self._idle for block in blocks)

    def share(self, blocks: Iterable[int]) -> None:
        for block in blocks:
            self._users[block] += 1
            self._idle.pop(block, None)

    def take(self, count: int) -> list[int]:
        """Blocks whose contents nobody needs: empty ones first, then the longest unused.

        Raises IndexError, and takes none, when fewer than `count` are available.
        """
        if count > self.available:
            raise IndexError(f"{count} blocks wanted, {self.available} available")
        taken = [self._empty.pop() if self._empty else self._evict() for _ in range(count)]
        for block in taken:
            self._users[block] = 1
        return taken

    def release(self, blocks: Sequence[int], *, keep: bool = True) -> None:
        """Give up one use of each. The end of a sequence leaves the cache before its beginning,
        without which it could not be found. `keep=False` if what only it used can't be trusted."""
        for block in reversed(blocks):
            self._users[block] -= 1
            if self._users[block] == 0:
                if not keep:
                    self._forget(block)
                self._retire(block)

    def private(self, blocks: Iterable[int]) -> list[int]:
        """Those of a sequence's blocks that no other shares."""
        return [block for block in blocks if self._users[block] == 1]

    def publish(self, block: int, name: bytes) -> None:
        """This block, in use, is full and holds what `name` says. The first one of a name wins."""
        if self.keeps and name not in self._named and block not in self._names:
            self._names[block] = name
            self._named[name] = block

    def _retire(self, block: int) -> None:
        if block in self._names:
            self._idle[block] = None
        else:
            self._empty.append(block)

    def _evict(self) -> int:
        block, _ = self._idle.popitem(last=False)
        self._forget(block)
        return block

    def _forget(self, block: int) -> None:
        name = self._names.pop(block, None)
        if name is not None:
            del self._named[name]
