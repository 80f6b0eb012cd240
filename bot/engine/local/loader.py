"""From the config to a model that is ready to serve. Runs in the worker thread.

The order is: what this machine has, what the model would need, whether that fits – and only then
the weights.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import structlog

from bot.engine.local import hardware, hub, plan, quantize, shape
from bot.engine.local.config import LocalConfig
from bot.engine.local.loaded import LoadedModel
from bot.engine.local.plan_table import too_large
from bot.engine.local.progress import Progress
from bot.errors import ModelUnavailable

if TYPE_CHECKING:
    import torch
    from transformers import PreTrainedModel, PreTrainedTokenizerBase

log = structlog.get_logger(__name__)

SAMPLING = ("temperature", "top_p", "top_k", "min_p", "repetition_penalty")


def load(config: LocalConfig, home: Path, progress: Progress) -> LoadedModel:
    """Raises ModelUnavailable or ModelTooLarge."""
    import torch

    torch.set_num_threads(config.threads or hardware.available_cores())
    planned, machine = make_plan(config, home, progress)
    log.info("the machine", hardware=str(machine))
    log.info("the plan", quantize=planned.storage.name, why=planned.reason)
    if not planned.fits:
        raise too_large(planned, config, machine)
    folder = hub.fetch(config, home, progress)
    tokenizer = load_tokenizer(folder, config)
    with _weights_reported_to(progress), torch.inference_mode():
        model = _load_model(folder, config, planned)
        quantize.take_own_kernels(model, planned.storage, config.cache_folder(home), progress)
    return LoadedModel(
        name=config.model,
        model=model,
        tokenizer=tokenizer,
        device=_input_device(model),
        context_window=shape.context_window(model.config),
        kv_tokens=_kv_tokens(planned, config),
        eos_ids=_eos_ids(model, tokenizer),
        kv_dtype=config.kv_dtype,
        sampling=_sampling(folder),
    )


def make_plan(
    config: LocalConfig, home: Path, progress: Progress
) -> tuple[plan.Plan, hardware.Hardware]:
    """The plan of the configured model for this machine, from its config.json alone."""
    folder = hub.fetch_config(config, home, progress)
    model_config = shape.read_config(folder, trust_remote_code=config.trust_remote_code)
    weights = shape.shape_of(model_config, trust_remote_code=config.trust_remote_code)
    machine = hardware.assess()
    return plan.make(config.model, weights, config, machine), machine


def load_tokenizer(folder: Path, config: LocalConfig) -> PreTrainedTokenizerBase:
    """Raises ModelUnavailable if it can't be read, or can't render a conversation."""
    from transformers import AutoTokenizer

    try:
        tokenizer: PreTrainedTokenizerBase = AutoTokenizer.from_pretrained(
            folder, trust_remote_code=config.trust_remote_code
        )
    except (ValueError, OSError, KeyError, TypeError) as problem:
        raise ModelUnavailable(
            f"{config.model} can't be used: its tokenizer in {folder} can't be read ({problem})."
        ) from problem
    if not tokenizer.chat_template:
        raise ModelUnavailable(
            f"{config.model} can't be used: its tokenizer in {folder} has no chat template, so it "
            "was not made for conversations; take its instruct or chat variant."
        )
    return tokenizer


def _load_model(folder: Path, config: LocalConfig, planned: plan.Plan) -> PreTrainedModel:
    import torch
    from safetensors import SafetensorError
    from transformers import AutoModelForCausalLM

    storage = planned.storage
    read: Callable[..., Any] = AutoModelForCausalLM.from_pretrained
    try:
        model, found = read(
            folder,
            dtype="auto" if storage.made_from_files else getattr(torch, storage.dtype),
            use_safetensors=True,
            output_loading_info=True,
            trust_remote_code=config.trust_remote_code,
            quantization_config=quantize.bits_and_bytes(storage, offload=config.offload),
            **_mapping(config, planned),
        )
    except (OSError, ValueError, RuntimeError, SafetensorError) as problem:
        if isinstance(problem, torch.OutOfMemoryError):
            raise
        raise ModelUnavailable(
            f"The weights of {config.model} in {folder} can't be read: {problem}"
        ) from problem
    if found["missing_keys"]:  # transformers would make them up
        missing = ", ".join(sorted(found["missing_keys"])[:3])
        raise ModelUnavailable(f"The weights of {config.model} in {folder} lack {missing}.")
    quantize.finish(model, storage)
    loaded: PreTrainedModel = model.eval().requires_grad_(False)
    return loaded


def _mapping(config: LocalConfig, planned: plan.Plan) -> dict[str, Any]:
    """Where the modules go. On one device there are no hooks between them, so nothing is asked of
    accelerate; over several, it may fill each up to its share of the plan."""
    places = planned.placements
    if not planned.storage.gpu:
        return {"device_map": {"": "cpu"}}
    if len(places) == 1 and not planned.offloaded:
        return {"device_map": {"": places[0].device.index}}
    memory: dict[int | str | None, int] = {
        place.device.index: place.device.budget - place.step - _least_cache(planned) // len(places)
        for place in places
    }
    if planned.offloaded:
        memory["cpu"] = hardware.assess().ram_free
    return {"device_map": "auto", "max_memory": memory}


def _least_cache(planned: plan.Plan) -> int:
    return min(plan.LEAST_CACHE, planned.shape.context_window) * planned.kv_token_bytes


def _input_device(model: PreTrainedModel) -> torch.device:
    """Where the embedding is, also when it holds no parameters but buffers."""
    import torch

    parts: Any = model  # its methods have no types
    embedding = parts.get_input_embeddings()
    tensors = (*embedding.parameters(), *embedding.buffers())
    devices = [tensor.device for tensor in tensors if tensor.device.type != "meta"]
    return devices[0] if devices else torch.device("cuda", 0)


def _kv_tokens(planned: plan.Plan, config: LocalConfig) -> int:
    """The plan's, or fewer if the weights left less free than it foresaw."""
    if not planned.storage.gpu:
        return planned.kv_tokens
    free = {gpu.index: gpu.free for gpu in hardware.assess().gpus}
    room = sum(
        max(int(free[place.device.index] * config.memory_share) - place.step, 0)
        for place in planned.placements
        if place.device.index is not None
    )
    return min(planned.kv_tokens, room // planned.kv_token_bytes)


def _eos_ids(model: PreTrainedModel, tokenizer: PreTrainedTokenizerBase) -> frozenset[int]:
    """The generation config's, and the tokenizer's own: chat variants change but one of them."""
    config: Any = model.generation_config
    ids = config.eos_token_id if config else None
    listed = ids if isinstance(ids, list) else [ids]
    return frozenset(end for end in (*listed, tokenizer.eos_token_id) if isinstance(end, int))


def _sampling(folder: Path) -> Mapping[str, float]:
    """Only what the model's authors set: transformers' own defaults are nobody's advice."""
    path = folder / "generation_config.json"
    if not path.is_file():
        return {}
    settings: dict[str, object] = json.loads(path.read_text())
    return {
        name: float(value)
        for name in SAMPLING
        if isinstance(value := settings.get(name), int | float) and not isinstance(value, bool)
    }


@contextmanager
def _weights_reported_to(progress: Progress) -> Iterator[None]:
    """transformers shows the loading of weights as a tqdm bar; this takes its place."""
    from transformers.utils import logging

    def bar(factory: Any, args: tuple[Any, ...], options: dict[str, Any]) -> Any:
        return _counted(*args, total=options.get("total"), progress=progress)

    previous = logging.set_tqdm_hook(bar)
    try:
        yield
    finally:
        logging.set_tqdm_hook(previous)


def _counted(items: Any, *, total: int | None, progress: Progress) -> Iterator[Any]:
    total = total or len(items)
    for done, item in enumerate(items):
        progress("loading the weights", done / total)
        yield item
    progress("loading the weights", 1.0)
