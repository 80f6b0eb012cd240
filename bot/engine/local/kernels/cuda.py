"""Compiles CUDA C++ at run time, with the NVRTC and the bindings that torch brings."""

from __future__ import annotations

import ctypes
import re
from collections.abc import Mapping
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any

import torch

Pointer = torch.Tensor | None
HOPPER = (9, 0)
INCLUDE = re.compile(r'^#include "(.+)"$', re.MULTILINE)
FREE_SHARED = 48 * 1024
"""Bytes of shared memory that a block gets without asking."""


class CompilerMissing(Exception):
    """There is nothing that could compile or load a kernel here; says what."""


class Kernel:
    """One ``extern "C"`` function of compiled code, on the current device, whose blocks take
    `shared` bytes. If it `overlaps`, it may start before the kernel ahead of it has ended, whose
    results it must wait for."""

    def __init__(self, code: bytes, name: str, shared: int, *, overlaps: bool) -> None:
        from cuda.bindings import driver

        self._driver = driver
        self._code = ctypes.create_string_buffer(code, len(code))
        self._module = _done(driver.cuModuleLoadData(ctypes.addressof(self._code)))
        self._function = _done(driver.cuModuleGetFunction(self._module, name.encode()))
        self._config = _launch_config(driver, shared, overlaps)
        if shared > FREE_SHARED:
            wanted = driver.CUfunction_attribute.CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES
            _done(driver.cuFuncSetAttribute(self._function, wanted, shared))

    def __call__(self, blocks: int, threads: int, *arguments: Pointer | int) -> None:
        """On torch's current stream. Tensors go as pointers, None as the null pointer."""
        values = tuple(_value(argument) for argument in arguments)
        types = tuple(_type(argument) for argument in arguments)
        stream = torch.cuda.current_stream().cuda_stream
        config = self._config
        config.gridDimX, config.blockDimX, config.hStream = blocks, threads, stream
        _done(self._driver.cuLaunchKernelEx(config, self._function, (values, types), 0))


def compile_file(
    path: Path, defines: Mapping[str, int], device: torch.device, cache_folder: Path | None
) -> bytes:
    """Machine code for the device, kept in `cache_folder`. Raises CompilerMissing."""
    try:
        from cuda.bindings import nvrtc
    except ImportError as problem:
        raise CompilerMissing(f"the CUDA bindings can't be imported ({problem})") from problem
    major, minor = torch.cuda.get_device_capability(device)
    version = _done(nvrtc.nvrtcVersion())
    own = "a" if (major, minor) == HOPPER else ""  # what no other architecture has, wgmma say
    options = [f"--gpu-architecture=sm_{major}{minor}{own}", "--std=c++17"]
    options += [f"-D{name}={value}" for name, value in defines.items()]
    source = source_of(path)
    key = sha256("\0".join([source, str(version), *options]).encode()).hexdigest()[:24]
    kept = cache_folder / f"{path.stem}-{key}.cubin" if cache_folder else None
    if kept and kept.is_file():
        return kept.read_bytes()
    code = _compile(nvrtc, source, options)
    if kept:
        kept.parent.mkdir(parents=True, exist_ok=True)
        kept.with_suffix(".part").write_bytes(code)
        kept.with_suffix(".part").replace(kept)
    return code


def source_of(path: Path) -> str:
    """The file's text with that of the files beside it that it includes."""
    return INCLUDE.sub(lambda found: source_of(path.with_name(found[1])), path.read_text())


def _compile(nvrtc: Any, source: str, options: list[str]) -> bytes:
    program = _done(nvrtc.nvrtcCreateProgram(source.encode(), b"kernel.cu", 0, [], []))
    encoded = [option.encode() for option in options]
    (status,) = nvrtc.nvrtcCompileProgram(program, len(encoded), encoded)
    if status != nvrtc.nvrtcResult.NVRTC_SUCCESS:
        log = b" " * _done(nvrtc.nvrtcGetProgramLogSize(program))
        nvrtc.nvrtcGetProgramLog(program, log)
        raise CompilerMissing(f"NVRTC refuses the kernel: {log.decode(errors='replace')}")
    code: bytes = b" " * _done(nvrtc.nvrtcGetCUBINSize(program))
    _done(nvrtc.nvrtcGetCUBIN(program, code))
    return code


def _launch_config(driver: Any, shared: int, overlaps: bool) -> Any:
    config = driver.CUlaunchConfig()
    config.gridDimY = config.gridDimZ = config.blockDimY = config.blockDimZ = 1
    config.sharedMemBytes = shared
    if overlaps:
        attribute = driver.CUlaunchAttribute()
        kinds = driver.CUlaunchAttributeID
        attribute.id = kinds.CU_LAUNCH_ATTRIBUTE_PROGRAMMATIC_STREAM_SERIALIZATION
        attribute.value.programmaticStreamSerializationAllowed = 1
        config.attrs, config.numAttrs = [attribute], 1
    return config


def _done(result: tuple[Any, ...]) -> Any:
    """What a call of the bindings gives after its status. Raises CompilerMissing."""
    status, *values = result
    if int(status) != 0:
        raise CompilerMissing(f"CUDA says {status!r}")
    return values[0] if len(values) == 1 else tuple(values)


def _value(argument: Pointer | int) -> int:
    if argument is None:
        return 0
    return argument if isinstance(argument, int) else argument.data_ptr()


@cache
def _kinds() -> tuple[type[Any], type[Any]]:
    return ctypes.c_int, ctypes.c_void_p


def _type(argument: Pointer | int) -> type[Any]:
    number, pointer = _kinds()
    return number if isinstance(argument, int) else pointer
