"""The Triton kernels over a cache in int8, against torch: on a GPU as they are, elsewhere in
Triton's interpreter."""

from __future__ import annotations

import os
from typing import Any

import pytest
import torch

DEVICE = "cuda" if torch.cuda.is_available() else "cpu"
if DEVICE == "cpu":
    os.environ["TRITON_INTERPRET"] = "1"  # is read when the kernels are first imported
pytest.importorskip("triton")

from bot.engine.local.kernels import rows  # noqa: E402
from bot.engine.local.kvcache import KVCache, LayerShape  # noqa: E402

pytestmark = [
    pytest.mark.slow,
    pytest.mark.filterwarnings("ignore:Conversion of an array:DeprecationWarning"),  # Triton's own
]

BLOCK, BLOCKS, HEADS = 16, 64, 2


@pytest.fixture(autouse=True)
def _seeded() -> Any:
    torch.manual_seed(0)
    with torch.inference_mode():
        yield


def random(*shape: int) -> torch.Tensor:
    return torch.randn(shape, device=DEVICE)


def int8_cache(dim: int, value_dim: int | None = None) -> KVCache:
    shape = LayerShape(HEADS, dim, value_dim or dim, torch.float32, torch.device(DEVICE))
    return KVCache({0: shape}, BLOCKS, BLOCK, "int8")


def places(cache: KVCache, slots: torch.Tensor) -> rows.Places:
    return rows.Places(cache.keys[0], cache.values[0], slots, *cache.scales[0])


def same(found: KVCache, expected: KVCache) -> None:
    """A tie may have been broken otherwise, and a division be off by its last bit."""
    for pools in ("keys", "values"):
        codes, others = (getattr(cache, pools)[0].int() for cache in (found, expected))
        assert int((codes - others).abs().max()) <= 1
        assert int((codes != others).sum()) <= 2
    for scales, others in zip(found.scales[0], expected.scales[0], strict=True):
        assert scales is not None
        torch.testing.assert_close(scales, others)


SLOTS = (5, 17, 190)


@pytest.mark.parametrize(("dim", "value_dim"), [(16, 16), (96, 48)])
def test_what_is_stored_is_what_torch_stores(dim: int, value_dim: int) -> None:
    key, value = random(3, HEADS, dim), 50 * random(3, HEADS, value_dim)
    key[1, 0] = 0
    slots = torch.tensor(SLOTS, device=DEVICE)
    found, expected = int8_cache(dim, value_dim), int8_cache(dim, value_dim)
    rows.store(key, value, places(found, slots))
    expected.write(0, slots, key.transpose(0, 1), value.transpose(0, 1))
    same(found, expected)


@pytest.mark.parametrize("tokens", [3, 130])
def test_what_is_turned_is_stored_in_the_same_breath(tokens: int) -> None:
    heads, cos, sin = random(tokens, 4 + 2 * HEADS, 16), random(tokens, 16), random(tokens, 16)
    slots = torch.randperm(BLOCKS * BLOCK, device=DEVICE)[:tokens]
    found, expected = int8_cache(16), int8_cache(16)
    rows.rotate(heads, cos, sin, 4, HEADS, places=places(found, slots))
    key, value = heads[:, 4 : 4 + HEADS], heads[:, 4 + HEADS :]
    expected.write(0, slots, key.transpose(0, 1), value.transpose(0, 1))
    same(found, expected)
