"""The paged runner's logits against transformers' own, for each family and each kind of slice."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from bot.engine.local import choice, sdpa
from bot.engine.local.attention import NotPaged
from bot.engine.local.choice import choose
from bot.engine.local.plain import PlainRunner
from bot.engine.local.runner import PagedRunner
from bot.engine.local.sequence import Sequence, Slice
from tests.engine import tiny
from tests.engine.conftest import TinyModel
from tests.engine.desk import load

pytestmark = pytest.mark.slow

if TYPE_CHECKING:
    import torch
    from transformers import PreTrainedModel

SIZE = 16
LENGTHS = (70, 33, 5, 64, 48, 17)


def tokens(length: int, seed: int) -> list[int]:
    return [(n * 37 + seed * 101) % 900 + 3 for n in range(length)]


def reference(model: PreTrainedModel, ids: list[int]) -> torch.Tensor:
    import torch

    with torch.inference_mode():
        logits: torch.Tensor = model(input_ids=torch.tensor([ids]), use_cache=False).logits[0, -1]
    return logits


def scattered() -> list[Sequence]:
    """Sequences whose blocks are anywhere but in order."""
    free = [(n * 19) % 64 for n in range(64)]
    return [
        Sequence(tokens(length, n), n, blocks=[free.pop() for _ in range(length // SIZE + 1)])
        for n, length in enumerate(LENGTHS)
    ]


@pytest.mark.parametrize("family", tiny.FAMILIES)
@pytest.mark.parametrize("group_tokens", [1, sdpa.GROUP_TOKENS])
def test_logits_are_those_of_transformers(
    tiny_model: TinyModel, family: str, group_tokens: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In pieces, some of which end within a block, then all together in one decode step; past
    the sliding window; in padded groups and one by one."""
    import torch

    monkeypatch.setattr(sdpa, "GROUP_TOKENS", group_tokens)
    loaded = load(tiny_model(family))
    expected = torch.stack([reference(loaded.model, tokens(n, i)) for i, n in enumerate(LENGTHS)])
    runner = PagedRunner(loaded.model, loaded.device, blocks=64, block_size=SIZE)
    sequences = scattered()
    runner.run([Slice(each, 0, len(each.tokens) // 2) for each in sequences])
    runner.run([Slice(each, len(each.tokens) // 2, len(each.tokens) - 1) for each in sequences])
    decode = [Slice(each, len(each.tokens) - 1, len(each.tokens)) for each in sequences]
    torch.testing.assert_close(runner.run(decode), expected, atol=2e-5, rtol=1e-4)


def test_rows_come_in_the_order_of_the_slices_that_sample(tiny_model: TinyModel) -> None:
    import torch

    loaded = load(tiny_model("llama"))
    expected = [reference(loaded.model, tokens(n, i)) for i, n in enumerate(LENGTHS)]
    runner = PagedRunner(loaded.model, loaded.device, blocks=64, block_size=SIZE)
    sequences = scattered()
    whole = [Slice(each, 0, len(each.tokens)) for each in sequences]
    part = Slice(sequences[3], 0, 20)
    logits = runner.run([whole[0], part, whole[2], whole[1]])
    torch.testing.assert_close(
        logits, torch.stack([expected[0], expected[2], expected[1]]), atol=2e-5, rtol=1e-4
    )
    assert runner.run([part]).shape == (0, loaded.model.config.vocab_size)


def test_what_is_wiped_reaches_nobody(tiny_model: TinyModel) -> None:
    import torch

    loaded = load(tiny_model("llama"))
    runner = PagedRunner(loaded.model, loaded.device, blocks=64, block_size=SIZE)
    for pool in (*runner.cache.keys.values(), *runner.cache.values.values()):
        pool[:64] = torch.nan
    runner.wipe(range(64))
    sequences = scattered()
    runner.run([Slice(each, 0, len(each.tokens) - 1) for each in sequences])
    decode = [Slice(each, len(each.tokens) - 1, len(each.tokens)) for each in sequences]
    assert runner.run(decode).isfinite().all()


@pytest.mark.parametrize("family", tiny.FAMILIES)
def test_each_family_is_served_by_paging(tiny_model: TinyModel, family: str) -> None:
    assert isinstance(choose(load(tiny_model(family)), block_size=SIZE), PagedRunner)


def test_layers_with_another_kind_of_memory_are_served_plainly(tiny_model: TinyModel) -> None:
    loaded = load(tiny_model("qwen3"))
    loaded.model.config.layer_types = ["linear_attention", "full_attention", "full_attention"]
    with pytest.raises(NotPaged, match="linear_attention"):
        choice.require_attention_layers(loaded.model.config)


def test_rotary_embeddings_that_depend_on_neighbours_are_served_plainly(
    tiny_model: TinyModel,
) -> None:
    loaded = load(tiny_model("qwen3"))
    loaded.model.config.rope_parameters = {"rope_type": "dynamic", "factor": 2.0}
    with pytest.raises(NotPaged, match="rotary"):
        choice.require_attention_layers(loaded.model.config)


def hybrid() -> PreTrainedModel:
    """Real and random: three layers of linear attention to each of full attention."""
    from transformers import Qwen3NextConfig, Qwen3NextForCausalLM

    config = Qwen3NextConfig(
        vocab_size=1024, hidden_size=32, intermediate_size=64, num_hidden_layers=4,
        num_attention_heads=2, num_key_value_heads=1, head_dim=16, linear_num_value_heads=2,
        linear_num_key_heads=1, linear_key_head_dim=8, linear_value_head_dim=8, num_experts=2,
        num_experts_per_tok=1, moe_intermediate_size=16, shared_expert_intermediate_size=16,
        max_position_embeddings=256, pad_token_id=0,
    )  # fmt: skip
    model: PreTrainedModel = Qwen3NextForCausalLM(config)
    model.train(False)
    return model


def test_a_hybrid_model_is_served_plainly_and_the_log_says_why(tiny_model: TinyModel) -> None:
    from dataclasses import replace

    from structlog.testing import capture_logs

    loaded = replace(load(tiny_model("llama")), model=hybrid())
    with capture_logs() as lines:
        runner = choose(loaded, block_size=SIZE)
    assert isinstance(runner, PlainRunner)
    assert "linear_attention" in lines[-1]["reason"]


@pytest.mark.parametrize("extra", ["softcap", "s_aux"])
def test_attention_that_asks_for_more_is_refused_not_served_without_it(
    tiny_model: TinyModel, extra: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    loaded = load(tiny_model("llama"))
    attention = loaded.model.model.layers[1].self_attn
    original = type(attention).forward

    def with_extra(self: torch.nn.Module, *args: object, **kwargs: object) -> object:
        return original(self, *args, **kwargs, **{extra: 30.0})

    monkeypatch.setattr(type(attention), "forward", with_extra)
    with pytest.raises(NotPaged, match=extra):
        PagedRunner(loaded.model, loaded.device, blocks=4, block_size=SIZE)


def test_a_model_whose_logits_disagree_is_served_plainly(
    tiny_model: TinyModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A silent fault of attention: queries upside down."""
    from torch.nn.functional import scaled_dot_product_attention as original

    def wrong(query: torch.Tensor, *args: torch.Tensor, **kwargs: object) -> torch.Tensor:
        return original(query.flip(-1), *args, **kwargs)  # type: ignore[arg-type]

    monkeypatch.setattr(sdpa, "scaled_dot_product_attention", wrong)
    loaded = load(tiny_model("llama"))
    assert isinstance(choose(loaded, block_size=SIZE), PlainRunner)
