from __future__ import annotations

from pathlib import Path

import pytest

from bot.chosenmodel import FILE, ChosenModel


def test_without_a_choice_it_is_the_configs(tmp_path: Path) -> None:
    assert ChosenModel(tmp_path, "demo").name() == "demo"


def test_a_choice_lasts_until_the_configs_model_is_chosen_again(tmp_path: Path) -> None:
    ChosenModel(tmp_path, "demo").keep("large")
    assert ChosenModel(tmp_path, "demo").name() == "large"
    ChosenModel(tmp_path, "demo").keep("demo")
    assert ChosenModel(tmp_path, "demo").name() == "demo"
    assert list(tmp_path.iterdir()) == []


def test_a_config_that_names_another_model_has_the_last_word(tmp_path: Path) -> None:
    ChosenModel(tmp_path, "demo").keep("large")
    assert ChosenModel(tmp_path, "newer").name() == "newer"


@pytest.mark.parametrize("content", ["", "{", "[]", "null", '{"model": "large"}', "\udcff"])
def test_a_file_that_says_something_else_says_nothing(tmp_path: Path, content: str) -> None:
    (tmp_path / FILE).write_bytes(content.encode("utf-8", "surrogateescape"))
    assert ChosenModel(tmp_path, "demo").name() == "demo"


def test_a_home_that_can_not_be_written_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="No such file"):
        ChosenModel(tmp_path / "gone", "demo").keep("large")
