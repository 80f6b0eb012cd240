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
from bot.engine.local.kernels.step import decode_step, prompt_step  # noqa: E402
from bot.engine.local.kvcache import KVCache, LayerShape  # noqa: E402
from bot.engine.local.sequence import Sequence, Slice  # noqa: E402

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


def filled_cache(dim: int, value_dim: int | None = None) -> KVCache:
    """Vectors of very different sizes."""
    cache = int8_cache(dim, value_dim)
    sizes = torch.logspace(-1, 1, BLOCKS * BLOCK, device=DEVICE)[None, :, None]
    every = torch.arange(BLOCKS * BLOCK, device=DEVICE)
    key, value = (random(HEADS, len(every), size) for size in (dim, value_dim or dim))
    cache.write(0, every, key * sizes.roll(1), value * sizes)
    return cache


def piece(number: int, start: int, end: int) -> Slice:
    """Of a sequence whose blocks are anywhere but in order."""
    blocks = [(37 * n + 11 * number) % BLOCKS for n in range(-(-end // BLOCK))]
    return Slice(Sequence([0] * end, number, blocks=blocks), start, end)


def exact(
    cache: KVCache, slices: list[Slice], query: torch.Tensor, window: int | None
) -> torch.Tensor:
    """In float64, of keys and values as torch reads them."""
    found, of_head = [], torch.arange(query.shape[1], device=DEVICE) * HEADS // query.shape[1]
    for row, (each, at) in enumerate((s, at) for s in slices for at in range(s.start, s.end)):
        blocks = torch.tensor(each.sequence.blocks, device=DEVICE)
        seen = slice(max(0, at + 1 - window) if window else 0, at + 1)
        key, value = (read[seen][:, of_head].double() for read in cache.read(0, blocks))
        scores = torch.einsum("hd,thd->ht", query[row].double(), key) * 0.25
        found.append(torch.einsum("ht,thd->hd", scores.softmax(-1), value))
    return torch.stack(found)


@pytest.mark.parametrize("window", [None, 24])
@pytest.mark.parametrize(("dim", "value_dim"), [(16, 16), (96, 48)])
def test_prompts_read_what_torch_reads(dim: int, value_dim: int, window: int | None) -> None:
    cache = filled_cache(dim, value_dim)
    slices = [piece(0, 69, 70), piece(1, 0, 20), piece(2, 190, 201)]
    query = random(32, 3 * HEADS, dim)
    found = prompt_step(cache, slices, 8, torch.device(DEVICE)).read(0, query, 0.25, window)
    torch.testing.assert_close(
        found.double(), exact(cache, slices, query, window), atol=1e-4, rtol=1e-4
    )


@pytest.mark.parametrize("window", [None, 24])
def test_new_tokens_read_what_torch_reads(window: int | None) -> None:
    cache = filled_cache(16)
    slices = [piece(n, length - 1, length) for n, length in enumerate((1, 70, 470))]
    query, table = random(3, 5 * HEADS, 16), torch.zeros(3, 40, dtype=torch.int32, device=DEVICE)
    for row, each in zip(table, slices, strict=True):
        row[: len(each.sequence.blocks)] = torch.tensor(each.sequence.blocks)
    positions = torch.tensor([each.start for each in slices], device=DEVICE)
    found = decode_step(cache, table, positions).read(0, query, 0.25, window)
    torch.testing.assert_close(
        found.double(), exact(cache, slices, query, window), atol=1e-4, rtol=1e-4
    )


@pytest.mark.skipif(DEVICE == "cpu", reason="the interpreter takes int8 for bits of bfloat16")
def test_bfloat16_reads_the_same_but_for_its_rounding() -> None:
    cache, slices, query = filled_cache(32), [piece(0, 150, 160)], random(10, 2 * HEADS, 32)
    found = prompt_step(cache, slices, 8, torch.device(DEVICE)).read(
        0, query.bfloat16(), 0.25, None
    )
    expected = exact(cache, slices, query.bfloat16(), None)
    assert float((found.double() - expected).norm() / expected.norm()) < 1e-2
