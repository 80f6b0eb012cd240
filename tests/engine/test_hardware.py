from __future__ import annotations

import pytest

from bot.engine.local import hardware
from tests.engine.machines import machine

pytestmark = pytest.mark.slow


def test_this_machine_is_assessed_and_described_in_a_sentence() -> None:
    found = hardware.assess()
    assert 0 < found.ram_free <= found.ram_total
    assert found.cores == hardware.available_cores()
    assert str(found).endswith("RAM free.")


def test_gpus_are_named_with_their_memory_and_capability() -> None:
    assert str(machine(79, capability=(9, 0))).startswith(
        "Card with 79.0 GiB of 79.0 GiB free, compute capability 9.0; CPU, 8 cores, fastest in"
    )


def test_the_type_of_the_cpu_is_one_of_the_two_that_were_measured() -> None:
    assert hardware.cpu_dtype() in ("bfloat16", "float32")


def test_a_cpu_without_instructions_for_bfloat16_is_never_given_it() -> None:
    found = hardware.assess()
    capable = set(found.features) & set(hardware.BF16_FEATURES)
    assert capable or found.cpu_dtype == "float32"


def test_gpus_before_ampere_compute_in_float16() -> None:
    assert machine(16, capability=(7, 5)).gpu_dtype == "float16"
    assert machine(16, capability=(8, 0)).gpu_dtype == "bfloat16"
