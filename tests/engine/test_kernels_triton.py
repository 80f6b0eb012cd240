"""The Triton kernels against float64: on a GPU as they are, elsewhere in Triton's interpreter."""

from __future__ import annotations

import os
from typing import Any

import pytest
import torch

DEVICE = "cuda" if torch.cuda.is_available() else "cpu"
if DEVICE == "cpu":
    os.environ["TRITON_INTERPRET"] = "1"  # is read when the kernels are first imported
pytest.importorskip("triton")

from bot.engine.local import candidates  # noqa: E402
from bot.engine.local.kernels import rows, step, tiles  # noqa: E402
from bot.engine.local.kvcache import KVCache, LayerShape  # noqa: E402
from bot.engine.local.sequence import Sequence, Slice  # noqa: E402

pytestmark = [
    pytest.mark.slow,
    pytest.mark.filterwarnings("ignore:Conversion of an array:DeprecationWarning"),  # Triton's own
]


@pytest.fixture(autouse=True)
def _seeded() -> Any:
    torch.manual_seed(0)
    with torch.inference_mode():
        yield


def random(*shape: int) -> torch.Tensor:
    return torch.randn(shape, device=DEVICE)


def normed(x: torch.Tensor, weight: torch.Tensor) -> torch.Tensor:
    x = x.double()
    return x * torch.rsqrt(x.square().mean(-1, keepdim=True) + 1e-6) * weight.double()


def close(found: torch.Tensor, exact: torch.Tensor) -> None:
    torch.testing.assert_close(found.double(), exact.double(), atol=1e-5, rtol=1e-5)


def test_a_sum_and_its_norm() -> None:
    x, added, weight = random(5, 80), random(5, 80), random(80)
    total, out = rows.add_norm(x, added, weight, 1e-6)
    close(total, x.double() + added.double())
    close(out, normed(total, weight))
    alone, out = rows.add_norm(x, None, weight, 1e-6)
    assert alone is x
    close(out, normed(x, weight))


@pytest.mark.parametrize("tokens", [1, 3, 130])
@pytest.mark.parametrize("norms", [True, False])
def test_queries_and_keys_turn_and_values_stay(tokens: int, norms: bool) -> None:
    heads, cos, sin = random(tokens, 8, 16), random(tokens, 16), random(tokens, 16)
    query_norm, key_norm = random(16), random(16)
    before = heads.clone()
    rows.rotate(heads, cos, sin, 4, 2, (query_norm, key_norm, 1e-6) if norms else None)
    expected = before.double()
    if norms:
        queries, keys = normed(before[:, :4], query_norm), normed(before[:, 4:6], key_norm)
        expected = torch.cat((queries, keys, before[:, 6:].double()), 1)
    half = torch.cat((-expected[..., 8:], expected[..., :8]), -1)
    turned = expected * cos.double()[:, None] + half * sin.double()[:, None]
    close(heads[:, :6], turned[:, :6])
    assert torch.equal(heads[:, 6:], before[:, 6:])


def test_keys_and_values_go_to_their_slots_and_nowhere_else() -> None:
    qkv, slots = random(3, 8, 16), torch.tensor([5, 17, 190], device=DEVICE)
    keys, values = torch.zeros(2, 12, 16, 2, 16, device=DEVICE).unbind()
    rows.store(qkv[:, 4:6], qkv[:, 6:], rows.Places(keys, values, slots))
    assert torch.equal(keys.view(-1, 2, 16)[slots], qkv[:, 4:6])
    assert torch.equal(values.view(-1, 2, 16)[slots], qkv[:, 6:])
    assert keys.count_nonzero() == values.count_nonzero() == 3 * 2 * 16


def test_what_is_turned_can_go_to_its_slot_in_the_same_breath() -> None:
    heads, cos, sin = random(3, 8, 16), random(3, 16), random(3, 16)
    slots = torch.tensor([5, 17, 190], device=DEVICE)
    keys, values = torch.zeros(2, 12, 16, 2, 16, device=DEVICE).unbind()
    alone = heads.clone()
    rows.rotate(alone, cos, sin, 4, 2)
    rows.rotate(heads, cos, sin, 4, 2, places=rows.Places(keys, values, slots))
    assert torch.equal(heads, alone)
    assert torch.equal(keys.view(-1, 2, 16)[slots], heads[:, 4:6])
    assert torch.equal(values.view(-1, 2, 16)[slots], heads[:, 6:])
    assert keys.count_nonzero() == values.count_nonzero() == 3 * 2 * 16


def test_a_gate_and_what_it_lets_through() -> None:
    gate, up = random(3, 1000), random(3, 1000)
    expected = torch.nn.functional.silu(gate.double()) * up.double()
    close(rows.gate_(gate, up), expected)


def test_the_likeliest_tokens_share_is_the_samplers() -> None:
    scores, temperature = 5 * random(3, 9000), torch.tensor([[0.6], [1.0], [1e-4]], device=DEVICE)
    found = rows.largest_share(scores, temperature)
    close(found, candidates.largest_share(scores, temperature))


BLOCK, BLOCKS = 16, 128


def filled_cache(kv_heads: int, dim: int, value_dim: int | None = None) -> KVCache:
    """Of one layer, with keys and values in all blocks."""
    shape = LayerShape(kv_heads, dim, value_dim or dim, torch.float32, torch.device(DEVICE))
    cache = KVCache({0: shape}, BLOCKS, BLOCK)
    for pool in (cache.keys[0], cache.values[0]):
        pool.normal_()
    return cache


def sequences(*lengths: int) -> list[Sequence]:
    """Their blocks are anywhere but in order."""
    free = [n * 37 % BLOCKS for n in range(BLOCKS)]
    return [
        Sequence([0] * length, n, blocks=[free.pop() for _ in range(-(-length // BLOCK))])
        for n, length in enumerate(lengths)
    ]


def exact(
    cache: KVCache, slices: list[Slice], query: torch.Tensor, scale: float, window: int | None
) -> torch.Tensor:
    """query [T, H, D] → [T, H, D of values]"""
    found, row = [], 0
    for each in slices:
        blocks = torch.tensor(each.sequence.blocks, device=DEVICE)
        key, value = (pool[0][blocks].flatten(0, 1).double() for pool in (cache.keys, cache.values))
        of_head = torch.arange(query.shape[1], device=DEVICE) // (query.shape[1] // key.shape[1])
        for at in range(each.start, each.end):
            seen = slice(max(0, at + 1 - window) if window else 0, at + 1)
            scores = torch.einsum("hd,thd->ht", query[row].double(), key[seen][:, of_head]) * scale
            found.append(torch.einsum("ht,thd->hd", scores.softmax(-1), value[seen][:, of_head]))
            row += 1
    return torch.stack(found)


@pytest.mark.parametrize("window", [None, 24])
@pytest.mark.parametrize("cut", [tiles.Cut(4, 64, 64), tiles.Cut(4, 128, 128)])
@pytest.mark.parametrize("group", [1, 5])
def test_a_new_token_sees_its_own_sequence(
    window: int | None, cut: tiles.Cut, group: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tiles, "cut_decoding", lambda pairs, head_bytes: cut)
    cache, query = filled_cache(2, 16), random(4, 2 * group, 16)
    slices = [Slice(each, len(each.tokens) - 1, len(each.tokens))
              for each in sequences(1, 70, 144, 470)]  # fmt: skip
    table = torch.zeros(4, 40, dtype=torch.int32, device=DEVICE)
    for row, each in zip(table, slices, strict=True):
        row[: len(each.sequence.blocks)] = torch.tensor(each.sequence.blocks)
    positions = torch.tensor([each.start for each in slices], device=DEVICE)
    decode = step.decode_step(cache, table, positions)
    found = decode.read(0, query, 0.25, window)
    close(found, exact(cache, slices, query, 0.25, window))


@pytest.mark.parametrize("window", [None, 24])
@pytest.mark.parametrize("splits", [1, 4])
@pytest.mark.parametrize(("group", "width"), [(1, 16), (3, 10), (5, 25)])
def test_each_token_of_a_prompt_sees_what_came_before_it(
    window: int | None, splits: int, group: int, width: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """From the start, after a history, in one piece with a single token of another sequence."""
    monkeypatch.setattr(tiles, "cut_prompts", lambda *_: tiles.Cut(splits, 32, 16))
    cache, (single, new, later) = filled_cache(2, 16), sequences(70, 33, 130)
    slices = [Slice(single, 69, 70), Slice(new, 0, 33), Slice(later, 100, 130)]
    query = random(64, 2 * group, 16)
    prompt = step.prompt_step(cache, slices, width, torch.device(DEVICE))
    found = prompt.read(0, query, 0.25, window)
    close(found, exact(cache, slices, query, 0.25, window))


@pytest.mark.parametrize(("dim", "value_dim"), [(64, 64), (96, 96), (128, 128), (256, 64)])
def test_heads_of_any_size_are_served(dim: int, value_dim: int) -> None:
    cache, (single, new) = filled_cache(1, dim, value_dim), sequences(40, 300)
    slices = [Slice(single, 39, 40), Slice(new, 290, 300)]
    query = random(11, 2, dim)
    found = step.prompt_step(cache, slices, 8, torch.device(DEVICE)).read(0, query, 0.1, None)
    close(found, exact(cache, slices, query, 0.1, None))


def test_new_keys_and_values_are_seen_by_the_tokens_they_come_with() -> None:
    cache, (new,) = filled_cache(2, 16), sequences(50)
    slices = [Slice(new, 20, 50)]
    query, key, value = random(4, 30, 16), random(2, 30, 16), random(2, 30, 16)
    found = step.prompt_step(cache, slices, 8, torch.device(DEVICE)).attend(
        0, query, key, value, 0.25, None
    )
    blocks = torch.tensor(new.blocks, device=DEVICE)
    assert torch.equal(cache.keys[0][blocks].flatten(0, 1)[20:50], key.transpose(0, 1))
    assert torch.equal(cache.values[0][blocks].flatten(0, 1)[20:50], value.transpose(0, 1))
    close(found, exact(cache, slices, query.transpose(0, 1), 0.25, None))
