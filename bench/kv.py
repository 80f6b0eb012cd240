"""What keys and values in int8 cost: how well the demo model expects a text whose tokens it reads
from a KV cache in int8, beside one that keeps them as they were computed.

``python -m bench kv [--model FOLDER] [--dtype bfloat16]``. The texts are licences as Debian ships
them, their white space collapsed.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import exp
from pathlib import Path

import torch

from bench.options import option
from bench.report import Figure, show
from bot.engine.local.attention import adopt
from bot.engine.local.config import KvDtype, LocalConfig
from bot.engine.local.forward import TransformersForward
from bot.engine.local.kvcache import KVCache, layer_shapes
from bot.engine.local.loaded import LoadedModel
from bot.engine.local.loader import load
from bot.engine.local.progress import silent
from bot.engine.local.sdpa import SdpaStep
from bot.engine.local.sequence import Sequence as Tokens
from bot.engine.local.sequence import Slice

LICENCES = Path("/usr/share/common-licenses")
TEXTS = {"Artistic": 1_024, "GPL-3": 4_096}
"""At most so many tokens of each."""
PIECE, BLOCK = 128, 16


class Reader:
    """Reads a text piece by piece through the paged cache, as prompts are read."""

    def __init__(self, loaded: LoadedModel, ids: Sequence[int], kv_dtype: KvDtype) -> None:
        adopt(loaded.model)
        blocks = -(-len(ids) // BLOCK)
        self.cache = KVCache(layer_shapes(loaded.model, loaded.device), blocks, BLOCK, kv_dtype)
        self._sequence = Tokens(list(ids), 0, blocks=list(range(blocks)))
        self.ids = torch.tensor(ids, device=loaded.device)
        self.forward = TransformersForward(loaded.model)

    @property
    def token_bytes(self) -> int:
        return self.cache.bytes // ((self.cache.blocks + 1) * BLOCK)

    def pieces(self, size: int) -> Iterator[torch.Tensor]:
        """Log-probabilities [size, vocabulary] of the token that follows each."""
        for start in range(0, len(self.ids), size):
            piece = Slice(self._sequence, start, min(start + size, len(self.ids)))
            positions = torch.arange(piece.start, piece.end, device=self.ids.device)
            step = SdpaStep(self.cache, [piece])
            logits = self.forward(self.ids[piece.start : piece.end], positions, step, None)
            yield logits.float().log_softmax(-1)


@dataclass(frozen=True, slots=True)
class Cost:
    """`agreement` is the share of tokens after which both have the same likeliest one,
    `divergence` is Kullback and Leibler's, in nats, the mean over all tokens."""

    plain_perplexity: float
    perplexity: float
    agreement: float
    divergence: float


@torch.inference_mode()
def compare(plain: Reader, other: Reader, piece: int = PIECE) -> Cost:
    """Of two readers of one text."""
    sums = torch.zeros(4, dtype=torch.float64)
    following = torch.split(plain.ids[1:], piece)
    for p, q, after in zip(plain.pieces(piece), other.pieces(piece), following, strict=False):
        p, q = p[: len(after)], q[: len(after)]
        losses = [-each.gather(1, after[:, None]).sum() for each in (p, q)]
        agreed = (p.argmax(-1) == q.argmax(-1)).sum()
        sums += torch.tensor([*losses, agreed, (p.exp() * (p - q)).sum()], dtype=torch.float64)
    one, two, agreement, divergence = (sums / (len(plain.ids) - 1)).tolist()
    return Cost(exp(one), exp(two), agreement, divergence)


def main() -> None:
    home = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "chinwag-tests"
    model, dtype = option("--model", "demo"), option("--dtype", "float32")
    asked = {"model": model, "dtype": dtype, "cache": home, "quantize": "none"}
    loaded = load(LocalConfig.model_validate(asked), home, silent)
    show(
        "KV cache in int8",
        [_row(loaded, name, most) for name, most in TEXTS.items()],
        model=model,
        dtype=dtype,
    )


def _row(loaded: LoadedModel, name: str, most: int) -> dict[str, Figure]:
    text = " ".join((LICENCES / name).read_text().split())
    ids = loaded.tokenizer(text)["input_ids"][:most]
    plain, int8 = Reader(loaded, ids, "auto"), Reader(loaded, ids, "int8")
    cost = compare(plain, int8)
    return {
        "text": name,
        "tokens": len(ids),
        "bytes a token": plain.token_bytes,
        "in int8": int8.token_bytes,
        "perplexity": cost.plain_perplexity,
        "perplexity in int8": cost.perplexity,
        "more, %": 100 * (cost.perplexity / cost.plain_perplexity - 1),
        "same likeliest token, %": 100 * cost.agreement,
        "divergence, nats": cost.divergence,
    }


if __name__ == "__main__":
    main()
