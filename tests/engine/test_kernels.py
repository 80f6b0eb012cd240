"""The 4-bit product: how its matrices lie, and what it computes."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.engine.local.kernels import layout
from bot.engine.local.kernels.layout import Nf4Matrix
from bot.engine.local.kernels.products import Card, variants

pytestmark = pytest.mark.slow

on_a_gpu = pytest.mark.skipif(
    not torch.cuda.is_available() or torch.cuda.get_device_capability() < (8, 0),
    reason="needs a GPU with bfloat16 tensor cores",
)
SHAPES = [(32, 64), (64, 320), (256, 1024)]


def quantised(rows: int, columns: int, device: str = "cpu", bias: bool = False) -> Any:
    """bitsandbytes' bytes and state of a random weight, as our layout has it, and its bias."""
    from bitsandbytes.functional import quantize_4bit

    torch.manual_seed(rows + columns)
    weight = torch.randn(rows, columns, device=device, dtype=torch.bfloat16)
    packed, state = quantize_4bit(weight, blocksize=64, quant_type="nf4", compress_statistics=True)
    added = torch.randn(rows, device=device, dtype=torch.bfloat16) if bias else None
    return packed, state, layout.pack(packed, state, added)


def relative_error(found: torch.Tensor, exact: torch.Tensor) -> float:
    return float((found.double() - exact).norm() / exact.norm())


# --- layout --------------------------------------------------------------------------------------


@pytest.mark.parametrize(("rows", "columns"), SHAPES)
def test_not_a_bit_is_lost(rows: int, columns: int) -> None:
    packed, _, matrix = quantised(rows, columns)
    assert torch.equal(layout.unpack(matrix), packed.view(-1))
    assert (matrix.rows, matrix.columns) == (rows, columns)


@pytest.mark.parametrize(("rows", "columns"), SHAPES)
def test_the_exact_weights_are_those_that_bitsandbytes_unpacks(rows: int, columns: int) -> None:
    from bitsandbytes.functional import dequantize_4bit

    packed, state, matrix = quantised(rows, columns)
    state.dtype = torch.float32
    assert relative_error(dequantize_4bit(packed, state), layout.exact(matrix)) < 1e-6


def test_a_lane_holds_what_the_tensor_core_wants_of_it() -> None:
    packed, _, matrix = quantised(64, 320)
    codes = torch.stack((packed.view(-1) >> 4, packed.view(-1) & 15), -1).view(64, 320)
    for tile, block, g, t in [(0, 0, 0, 0), (1, 2, 5, 3), (3, 4, 7, 2)]:
        words = matrix.packed[tile, block, 4 * g + t].view(torch.uint8)
        lane = torch.stack((words >> 4, words & 15), -1).view(2, 2, 8)
        for lower, row in enumerate((tile * 16 + g, tile * 16 + g + 8)):
            for half in range(2):
                start = block * 64 + half * 32 + t * 8
                assert torch.equal(lane[lower, half], codes[row, start : start + 8])


def test_joined_matrices_are_one_below_the_other_and_can_be_had_apart() -> None:
    parts = [quantised(rows, 512)[2] for rows in (32, 64, 32)]
    whole = layout.join(parts)
    assert layout.can_join(parts)
    assert torch.equal(layout.exact(whole), torch.cat([layout.exact(part) for part in parts]))
    for (start, end), part in zip(pairwise((0, 32, 96, 128)), parts, strict=True):
        again = whole.part(start, end - start)
        assert torch.equal(layout.exact(again), layout.exact(part))
        assert again.packed.data_ptr() == whole.packed[start // 16].data_ptr()


def test_what_would_share_a_float_of_absmaxes_is_not_joined() -> None:
    assert not layout.can_join([quantised(32, 64)[2], quantised(32, 64)[2]])


@pytest.mark.parametrize(("rows", "columns"), [(48, 64), (32, 32)])
def test_shapes_without_whole_tiles_are_left_to_bitsandbytes(rows: int, columns: int) -> None:
    from bitsandbytes.functional import quantize_4bit

    _, state = quantize_4bit(
        torch.randn(rows, columns), blocksize=64, quant_type="nf4", compress_statistics=True
    )
    assert not layout.fits(state)


def test_on_a_cpu_every_layer_stays_as_it_is() -> None:
    from bot.engine.local.kernels import linear

    model = torch.nn.Sequential(torch.nn.Linear(64, 64))
    linear.replace_linears(model, None)
    assert type(model[0]) is torch.nn.Linear


# --- how the work is cut -------------------------------------------------------------------------


CARDS = {
    "H100": Card(132, 227 * 1024, hopper=True),
    "A100": Card(108, 163 * 1024, hopper=False),
    "RTX 4090": Card(128, 99 * 1024, hopper=False),
    "RTX 3060": Card(28, 99 * 1024, hopper=False),
}


@given(rows=st.integers(1, 2000), card=st.sampled_from(sorted(CARDS)), data=st.data())
@settings(max_examples=100)
def test_every_tile_of_rows_is_somebodys(rows: int, card: str, data: st.DataObject) -> None:
    """In every way to cut that a card is offered, and each has room in its shared memory."""
    none = torch.empty(0)
    packed = torch.empty((2 * rows, 80, 32, 4), dtype=torch.int32, device="meta")
    matrix = Nf4Matrix(packed, none, none, none, none, none, None)
    tier = data.draw(st.sampled_from(CARDS[card].tiers))
    candidates = variants(matrix, tier, CARDS[card])
    assert candidates
    for variant in candidates:
        whole, shared = variant.cut(matrix, CARDS[card].processors)
        assert (whole + shared) * variant.row_warps * 32 >= matrix.rows
        assert whole + shared - 1 < matrix.rows / (variant.row_warps * 32)
        assert variant.shared(tier) <= CARDS[card].shared


# --- the product, on a GPU -----------------------------------------------------------------------


@pytest.fixture(scope="module")
def multiply(tmp_path_factory: pytest.TempPathFactory) -> Any:
    from bot.engine.local.kernels.products import Products

    return Products(torch.device("cuda", 0), tmp_path_factory.mktemp("kernels"))


@on_a_gpu
@pytest.mark.parametrize("tier", [8, 16, 32, 64, 96])
@pytest.mark.parametrize("gated", [False, True])
def test_every_variant_is_exact_but_for_the_rounding_and_always_the_same(
    multiply: Any, tier: int, gated: bool
) -> None:
    if tier not in multiply.card.tiers:
        pytest.skip("needs Hopper's tensor cores")
    _, _, matrix = quantised(1024, 2048, "cuda", bias=True)
    weight, bias = layout.exact(matrix), matrix.bias.double()
    for rows in (tier // 2 + 1, tier):
        x = torch.randn(rows, 2048, device="cuda", dtype=torch.bfloat16)
        exact = x.double() @ weight.T + bias
        if gated:
            gate, up = exact.chunk(2, -1)
            exact = torch.nn.functional.silu(gate) * up
        for variant in multiply.candidates(matrix, tier):
            outputs = [torch.full_like(exact, torch.nan, dtype=torch.bfloat16) for _ in range(2)]
            for y in outputs:
                multiply.run(variant, tier, matrix, x, y, gated=gated)
            assert relative_error(outputs[0], exact) < 5e-3, variant
            assert torch.equal(*outputs), variant


@on_a_gpu
@pytest.mark.parametrize("rows", [1, 7, 65, 128, 129, 192, 193, 400])
def test_any_number_of_rows_is_served(multiply: Any, rows: int) -> None:
    _, _, matrix = quantised(512, 1024, "cuda", bias=True)
    x = torch.randn(rows, 1024, device="cuda", dtype=torch.bfloat16)
    exact = x.double() @ layout.exact(matrix).T + matrix.bias.double()
    assert relative_error(multiply(matrix, x), exact) < 5e-3


@on_a_gpu
def test_the_unpacked_weights_are_the_exact_ones_rounded(multiply: Any) -> None:
    _, _, matrix = quantised(512, 1024, "cuda")
    assert relative_error(multiply.unpack(matrix), layout.exact(matrix)) < 2e-3
