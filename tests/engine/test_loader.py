from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from bot.engine.local import catalogue, loader
from bot.engine.local.config import LocalConfig
from bot.engine.local.loaded import LoadedModel
from bot.engine.local.progress import silent
from bot.errors import ModelTooLarge, ModelUnavailable
from tests.engine.conftest import TinyModel
from tests.engine.machines import QWQ_32B, machine

pytestmark = pytest.mark.slow


@pytest.fixture
def folder(tiny_model: TinyModel, tmp_path: Path) -> Path:
    """A model's folder that a test may spoil."""
    return Path(shutil.copytree(tiny_model("llama"), tmp_path / "model"))


def load(folder: Path, **keys: Any) -> LoadedModel:
    return loader.load(LocalConfig(model=str(folder), **keys), folder.parent, silent)


def edit(path: Path, **changes: object) -> None:
    content = json.loads(path.read_text()) if path.exists() else {}
    path.write_text(json.dumps({**content, **changes}))


def test_a_loaded_model_is_ready_to_serve(folder: Path) -> None:
    import torch

    shares: list[float] = []
    config = LocalConfig(model=str(folder))
    loaded = loader.load(config, folder.parent, lambda what, share: shares.append(share))
    assert loaded.device == torch.device("cpu")
    assert loaded.context_window == 512
    assert loaded.kv_tokens == 4 * 512
    assert loaded.eos_ids == {2}
    assert not loaded.model.training
    assert not any(parameter.requires_grad for parameter in loaded.model.parameters())
    assert shares[-1] == 1.0


def test_sampling_defaults_are_only_those_that_the_model_ships(folder: Path) -> None:
    assert load(folder).sampling == {}
    edit(folder / "generation_config.json", temperature=0.6, top_k=40, do_sample=True)
    assert load(folder).sampling == {"temperature": 0.6, "top_k": 40.0}


def test_every_end_that_the_generation_config_names_counts(folder: Path) -> None:
    edit(folder / "generation_config.json", eos_token_id=[0, 7])
    assert load(folder).eos_ids == {0, 2, 7}


def test_the_cache_can_be_given_its_size(folder: Path) -> None:
    assert load(folder, kv_tokens=300).kv_tokens == 300


@pytest.mark.parametrize("quantize", ["int8", "nf4"])
def test_a_quantised_model_loads_and_answers(quantize: str, folder: Path) -> None:
    import torch

    loaded = load(folder, quantize=quantize, quantize_head=True)
    with torch.inference_mode():
        logits = loaded.model(torch.arange(9)[None].to(loaded.device)).logits
    assert logits.shape == (1, 9, 1024)
    assert logits.isfinite().all()


@pytest.mark.parametrize("quantize", ["int8", "nf4"])
def test_a_quantised_model_is_served_in_batches(quantize: str, folder: Path) -> None:
    import torch

    from bot.engine.local.choice import choose
    from bot.engine.local.runner import PagedRunner

    with torch.inference_mode():
        runner = choose(load(folder, quantize=quantize, quantize_head=True), block_size=16)
    assert isinstance(runner, PagedRunner)


def test_int8_is_made_from_the_files_own_type(folder: Path) -> None:
    import torch
    from transformers import AutoModelForCausalLM

    model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.bfloat16)
    model.save_pretrained(folder)
    loaded = load(folder, quantize="int8")
    assert {parameter.dtype for parameter in loaded.model.parameters()} == {torch.float32}


def test_a_tokenizer_without_a_chat_template_is_named(folder: Path) -> None:
    (folder / "chat_template.jinja").unlink()
    with pytest.raises(ModelUnavailable, match="no chat template"):
        load(folder)


def test_a_damaged_tokenizer_is_named(folder: Path) -> None:
    (folder / "tokenizer.json").write_text("{")
    with pytest.raises(ModelUnavailable, match=r"tokenizer in .* can't be read"):
        load(folder)


def test_damaged_weights_are_named(folder: Path) -> None:
    (folder / "model.safetensors").write_bytes(b"half of it")
    with pytest.raises(ModelUnavailable, match=r"weights of .* can't be read"):
        load(folder)


def test_weights_that_are_not_in_the_files_are_never_made_up(folder: Path) -> None:
    from safetensors.torch import load_file, save_file

    weights = load_file(folder / "model.safetensors")
    del weights["model.norm.weight"]
    save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})
    with pytest.raises(ModelUnavailable, match=r"lack model\.norm\.weight"):
        load(folder)


def test_an_unknown_architecture_is_named(folder: Path) -> None:
    edit(folder / "config.json", model_type="from-the-future")
    with pytest.raises(ModelUnavailable, match="from-the-future"):
        load(folder)


def test_what_cannot_fit_is_refused_before_any_weight_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "config.json").write_text(json.dumps(QWQ_32B))
    monkeypatch.setattr("bot.engine.local.hardware.assess", lambda: machine(ram=16))
    with pytest.raises(ModelTooLarge, match=r"take a model of up to .* or run it on another"):
        load(tmp_path)


def test_model_plan_needs_the_config_only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "config.json").write_text(json.dumps(QWQ_32B))
    monkeypatch.setattr("bot.engine.local.hardware.assess", lambda: machine(24))
    config = LocalConfig(model=str(tmp_path))
    text = catalogue.plan(config, tmp_path, silent)
    assert "KV cache: 256.0 KiB a token, 250.0 MiB per 1,000 tokens." in text
    facts = json.loads(catalogue.plan(config, tmp_path, silent, as_json=True))
    assert facts["weights"]["nf4"]["head"] == 152064 * 5120 * 2
    assert facts["fits"]


def test_model_list_names_what_is_in_the_cache(demo_folder: Path, tmp_path: Path) -> None:
    config = LocalConfig(cache=demo_folder.parent)
    (entry,) = json.loads(catalogue.listing(config, tmp_path, as_json=True))
    assert entry["name"] == "demo"
    assert entry["size"] > 500_000_000
    assert "demo" in catalogue.listing(config, tmp_path)


def test_model_list_of_an_empty_cache_says_how_to_fill_it(tmp_path: Path) -> None:
    assert "chinwag model fetch" in catalogue.listing(LocalConfig(), tmp_path)


def test_model_fetch_says_where_the_model_is(folder: Path, tmp_path: Path) -> None:
    said = catalogue.fetch(LocalConfig(model=str(folder)), tmp_path, silent)
    assert said == f"{folder} is in {folder}."


@pytest.mark.slow
def test_the_demo_model_answers(model_cache: Path, tmp_path: Path) -> None:
    import torch

    loaded = loader.load(LocalConfig(cache=model_cache), tmp_path, silent)
    prompt: Any = loaded.tokenizer.apply_chat_template(
        [{"role": "user", "content": "What is the capital of France?"}],
        add_generation_prompt=True, return_tensors="pt", return_dict=True,
    )  # fmt: skip
    model: Any = loaded.model
    with torch.inference_mode():
        found = model.generate(**prompt, max_new_tokens=8, do_sample=False)
    assert found.shape[1] > prompt["input_ids"].shape[1]
