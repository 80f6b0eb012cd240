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
from bot.engine.local.kernels import decode_attention as attention  # noqa: E402
from bot.engine.local.kernels import rows  # noqa: E402

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


@pytest.mark.parametrize("window", [None, 24])
@pytest.mark.parametrize("cut", [attention.Cut(4, 64, 64), attention.Cut(4, 128, 128)])
@pytest.mark.parametrize("group", [1, 5])
def test_each_sequence_sees_its_own_tokens(
    window: int | None, cut: attention.Cut, group: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(attention, "cut_for", lambda pairs: cut)
    keys, values, query = random(12, 16, 2, 16), random(12, 16, 2, 16), random(4, 2 * group, 16)
    table = torch.randint(0, 12, (4, 30), dtype=torch.int32, device=DEVICE)
    lengths = torch.tensor([1, 70, 144, 470], device=DEVICE)
    found = attention.decode_attention(query, keys, values, table, lengths, 0.25, window)
    for n, length in enumerate(lengths.tolist()):
        seen = slice(max(0, length - window) if window else 0, length)
        key, value = (pool[table[n].long()].flatten(0, 1)[seen].double() for pool in (keys, values))
        of_head = torch.arange(2 * group, device=DEVICE) // group
        scores = torch.einsum("hd,thd->ht", query[n].double(), key[:, of_head]) * 0.25
        close(found[n], torch.einsum("ht,thd->hd", scores.softmax(-1), value[:, of_head]))
