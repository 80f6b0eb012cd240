"""Llama's forward call with fewer operations, and its layers side by side, give what transformers
gives."""

from __future__ import annotations

from typing import Any

import pytest

from bot.engine.local.attention import NotPaged
from bot.engine.local.choice import choose
from bot.engine.local.llama import FAMILIES, LlamaForward
from bot.engine.local.runner import PagedRunner
from bot.engine.local.sequence import Slice
from bot.engine.local.siblings import Joined, Part, join
from tests.engine.conftest import TinyModel
from tests.engine.desk import load
from tests.engine.test_runner import LENGTHS, SIZE, reference, scattered, tokens

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("joined", [False, True])
@pytest.mark.parametrize("family", ["llama", "qwen2", "qwen3"])
def test_logits_are_those_of_transformers(tiny_model: TinyModel, family: str, joined: bool) -> None:
    """Half of each prompt, the other half, then all together in one decode step."""
    import torch

    loaded = load(tiny_model(family))
    expected = torch.stack([reference(loaded.model, tokens(n, i)) for i, n in enumerate(LENGTHS)])
    if joined:
        join(loaded.model)
    runner = PagedRunner(
        loaded.model,
        loaded.device,
        blocks=64,
        block_size=SIZE,
        forward=LlamaForward(loaded.model),
    )
    sequences = scattered()
    runner.run([Slice(each, 0, len(each.tokens) // 2) for each in sequences])
    runner.run([Slice(each, len(each.tokens) // 2, len(each.tokens) - 1) for each in sequences])
    decode = [Slice(each, len(each.tokens) - 1, len(each.tokens)) for each in sequences]
    torch.testing.assert_close(runner.run(decode), expected, atol=2e-5, rtol=1e-4)


@pytest.mark.parametrize("family", ["mistral", "gemma3"])
def test_a_model_of_another_build_is_refused(tiny_model: TinyModel, family: str) -> None:
    model = load(tiny_model(family)).model
    assert type(model).__name__ not in FAMILIES
    with pytest.raises(NotPaged, match="not built like Llama's"):
        LlamaForward(model)


@pytest.mark.parametrize("family", ["llama", "mistral"])
def test_it_serves_the_models_it_can_and_leaves_the_others_to_transformers(
    tiny_model: TinyModel, family: str
) -> None:
    runner = choose(load(tiny_model(family)), block_size=SIZE)
    assert isinstance(runner, PagedRunner)
    assert isinstance(runner.forward, LlamaForward) == (family == "llama")


@pytest.mark.parametrize("family", ["llama", "qwen2", "qwen3", "mistral", "gemma3"])
def test_joined_layers_change_nothing_for_the_models_own_code(
    tiny_model: TinyModel, family: str
) -> None:
    import torch

    model = load(tiny_model(family)).model
    expected = reference(model, tokens(40, 1))
    numbers = sum(weight.numel() for weight in model.parameters())
    join(model)
    assert sum(isinstance(module, Joined) for module in model.modules()) == 2 * 3
    assert sum(weight.numel() for weight in model.parameters()) == numbers
    torch.testing.assert_close(reference(model, tokens(40, 1)), expected, atol=2e-5, rtol=1e-4)


def test_siblings_are_multiplied_once_for_one_input_and_anew_for_the_next() -> None:
    import torch

    parent: Any = torch.nn.Module()
    for name in ("q_proj", "k_proj", "v_proj"):
        setattr(parent, name, torch.nn.Linear(4, 8, bias=False))
    expected = parent.k_proj
    join(parent)
    calls: list[torch.Tensor] = []
    parent.joined.linear.register_forward_hook(lambda module, args, output: calls.append(args[0]))
    for x in (torch.randn(3, 4), torch.randn(2, 4)):
        parts = [parent.q_proj(x), parent.k_proj(x), parent.v_proj(x)]
        torch.testing.assert_close(parts[1], expected(x))
    assert [len(x) for x in calls] == [3, 2]


def test_siblings_of_which_but_one_has_a_bias_stay_apart() -> None:
    import torch

    parent: Any = torch.nn.Module()
    parent.gate_proj, parent.up_proj = torch.nn.Linear(4, 8), torch.nn.Linear(4, 8, bias=False)
    join(parent)
    assert not any(isinstance(module, Part) for module in parent.modules())
