"""Text out of tokens as they come: never half a character, never a special token.

Knows nothing of thoughts or stop strings.
"""

from __future__ import annotations

import codecs
from collections.abc import Callable, Collection, Sequence
from functools import cache
from typing import Protocol

LONGEST_CHARACTER = 4
"""Bytes of a character in UTF-8, so as many tokens at most."""


class Detokenizer(Protocol):
    def push(self, token: int) -> str:
        """The text that is certain now; what is part of a character waits."""

    def close(self) -> str:
        """What waited: bytes that never became a character are shown as U+FFFD."""


class ByteLevelDetokenizer:
    """For byte-level BPE (GPT-2, Qwen, Llama 3, SmolLM), where each token is a run of bytes."""

    def __init__(self, token_of: Callable[[int], str | None], hidden: Collection[int]):
        self._token_of, self._hidden = token_of, hidden
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")

    def push(self, token: int) -> str:
        piece = None if token in self._hidden else self._token_of(token)
        return self._decoder.decode(_bytes_of(piece)) if piece else ""

    def close(self) -> str:
        return self._decoder.decode(b"", final=True)


class WindowDetokenizer:
    """For any other tokenizer: decodes the last few tokens anew and shows what they added.

    A token's text may depend on the ones before it (a space at the start, bytes that make a
    character together), so the tokens shown last stay in the window.
    """

    def __init__(
        self,
        decode: Callable[[Sequence[int]], str],
        hidden: Collection[int] = (),
        after: Sequence[int] = (),
    ):
        self._decode, self._hidden = decode, hidden
        self._shown = list(after[-LONGEST_CHARACTER:])
        self._waiting: list[int] = []
        self._parts = 0

    def push(self, token: int) -> str:
        if token in self._hidden:
            return ""
        self._waiting.append(token)
        text = self._added()
        self._parts += text.endswith("\ufffd")
        if not text or (text.endswith("\ufffd") and self._parts < LONGEST_CHARACTER):
            return ""
        self._shown, self._waiting, self._parts = self._waiting, [], 0
        return text

    def close(self) -> str:
        text, self._waiting = self._added(), []
        return text

    def _added(self) -> str:
        before = self._decode(self._shown)
        return self._decode(self._shown + self._waiting)[len(before) :]


@cache
def _byte_of() -> dict[str, int]:
    """GPT-2's alphabet: printable Latin-1 stands for itself, the rest from U+0100 on in order."""
    printable = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    others = [byte for byte in range(0x100) if byte not in printable]
    alphabet = {chr(byte): byte for byte in printable}
    return alphabet | {chr(0x100 + index): byte for index, byte in enumerate(others)}


def _bytes_of(piece: str) -> bytes:
    """An added token holds its own text where that isn't spelled in the alphabet."""
    alphabet = _byte_of()
    if all(char in alphabet for char in piece):
        return bytes(alphabet[char] for char in piece)
    return piece.encode()
