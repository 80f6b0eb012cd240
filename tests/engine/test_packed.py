from __future__ import annotations

import pytest

from bot.engine.local.packed import PackedLinear, pack, usual_rows
from tests.engine.conftest import TinyModel
from tests.engine.desk import load

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("rows", [1, 3, 8, 100])
@pytest.mark.parametrize("bias", [True, False])
def test_a_packed_layer_gives_what_the_plain_one_gives(rows: int, bias: bool) -> None:
    import torch

    torch.manual_seed(0)
    linear = torch.nn.Linear(192, 320, bias=bias)
    packed = PackedLinear(linear)
    rows_in = torch.randn(1, rows, 192)
    with torch.inference_mode():
        torch.testing.assert_close(packed(rows_in), linear.forward(rows_in))


def test_a_few_dozen_numbers_of_rows_serve_all_and_waste_little() -> None:
    usual = {rows: usual_rows(rows) for rows in range(1, 1025)}
    assert len(set(usual.values())) <= 64
    assert all(rows <= found <= max(rows + 3, rows * 9 // 8) for rows, found in usual.items())


def test_every_float32_layer_of_a_model_is_packed_and_its_plain_weight_let_go(
    tiny_model: TinyModel,
) -> None:
    import torch

    model = load(tiny_model("llama")).model
    before = sum(weight.numel() for weight in model.parameters())
    pack(model)
    assert not any(type(module) is torch.nn.Linear for module in model.modules())
    assert sum(isinstance(module, PackedLinear) for module in model.modules()) == 3 * 7 + 1
    left = sum(weight.numel() for weight in model.parameters())
    assert left + sum(buffer.numel() for buffer in model.buffers()) >= before
    assert left < before // 2 + model.config.vocab_size * model.config.hidden_size


def test_other_precisions_stay_as_they_are() -> None:
    import torch

    model = torch.nn.Sequential(torch.nn.Linear(4, 4, dtype=torch.bfloat16))
    pack(model)
    assert type(model[0]) is torch.nn.Linear
