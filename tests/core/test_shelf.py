from __future__ import annotations

from typing import Any

import pytest

from bot.config import Config
from bot.engine.local.config import LocalConfig
from bot.errors import ModelUnavailable
from bot.progress import unseen
from bot.shelf import Shelf


def shelf(**config: Any) -> Shelf:
    return Shelf(Config.model_validate(config), unseen)


def local(shelf: Shelf, name: str) -> LocalConfig:
    options = shelf.section(name).options
    assert isinstance(options, LocalConfig)
    return options


def test_a_model_has_the_section_that_the_config_gives_it() -> None:
    named = shelf(models={"small": {"kind": "local", "model": "org/small", "quantize": "nf4"}})
    assert (local(named, "small").model, local(named, "small").quantize) == ("org/small", "nf4")
    assert local(named, "demo").model == "demo"


def test_any_other_one_has_that_of_the_engine() -> None:
    assert local(shelf(engine={"quantize": "int8"}), "org/any").quantize == "int8"
    assert local(shelf(engine={"quantize": "int8"}), "org/any").model == "org/any"


def test_the_code_of_another_model_is_not_trusted() -> None:
    trusting = shelf(engine={"model": "org/mine", "trust_remote_code": True})
    assert local(trusting, "org/mine").trust_remote_code
    assert not local(trusting, "org/other").trust_remote_code


def test_where_an_engine_has_no_models_a_name_means_nothing() -> None:
    with pytest.raises(ModelUnavailable, match="no model other; there are: scripted"):
        shelf(engine={"kind": "scripted"}).section("other")
