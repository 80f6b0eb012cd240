"""Secrets: found where the config says, and in no text."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel, ValidationError

from bot.adapter import Secret, Section
from bot.errors import ConfigError
from bot.secrets import MASK, redact, remember
from bot.section import validated
from tests.config.conftest import Faults, Write, scripted

LITERAL = "s3cret-in-the-config"


class Account(Section):
    token: Secret
    name: str = ""
    spare: Secret | None = None


class Plain(BaseModel):
    key: Secret | None = None
    inner: Account | None = None


def account(**data: Any) -> Account:
    return Account.model_validate(data)


def problems(cls: type[BaseModel], data: object) -> list[tuple[str, str]]:
    with pytest.raises(ValidationError) as caught:
        validated(cls, data)
    return [(".".join(map(str, e["loc"])), e["msg"]) for e in caught.value.errors()]


def test_a_secret_comes_from_each_of_its_four_places(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "token").write_text("from the file\n")
    monkeypatch.setenv("MY_TOKEN", "from the environment")
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path))
    assert account(token=LITERAL).token.reveal() == LITERAL
    assert account(token_env="MY_TOKEN").token.reveal() == "from the environment"
    assert account(token_file=str(tmp_path / "token")).token.reveal() == "from the file"
    assert account(token_credential="token").token.reveal() == "from the file"


def test_the_environment_is_asked_only_when_the_secret_is_needed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    late = account(token_env="LATE_TOKEN").token
    monkeypatch.setenv("LATE_TOKEN", "it is there now")
    assert late.reveal() == "it is there now"


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ({"token_env": "NO_SUCH_VARIABLE"}, "NO_SUCH_VARIABLE, which holds a secret, is not set"),
        ({"token_env": "EMPTY_VARIABLE"}, "the secret in the variable EMPTY_VARIABLE is empty"),
        ({"token_file": "/no/such"}, "/no/such: can't read this secret: No such file"),
        ({"token_file": "binary"}, "binary: this secret is not UTF-8 text"),
        ({"token_credential": "bot"}, "needs a systemd unit with LoadCredential=bot:"),
    ],
)
def test_a_secret_that_is_not_there_is_named(
    data: dict[str, str], message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("binary").write_bytes(b"\xff\xfe")
    monkeypatch.setenv("EMPTY_VARIABLE", " ")
    monkeypatch.delenv("CREDENTIALS_DIRECTORY", raising=False)
    with pytest.raises(ConfigError, match=message):
        account(**data).token.reveal()


def test_no_text_of_a_section_holds_its_secret() -> None:
    section = Plain(key=Secret("value", LITERAL), inner=account(token=LITERAL))
    texts = [
        repr(section),
        str(section),
        section.model_dump_json(),
        str(section.inner),
        repr(section.key),
        f"{section.key}",
    ]
    texts += [json.dumps(section.model_dump(mode=mode)) for mode in ("json", "python")]
    assert not [text for text in texts if LITERAL in text]


def test_a_dump_names_the_place_of_a_secret_and_is_read_back() -> None:
    section = account(token_env="MY_TOKEN", spare=LITERAL)
    dump = section.model_dump(mode="json")
    assert dump == {"token_env": "MY_TOKEN", "name": "", "spare": MASK}
    assert account(token_env="MY_TOKEN") == account(**account(token_env="MY_TOKEN").model_dump())


@pytest.mark.parametrize(
    ("data", "found"),
    [
        ({}, [("token", "is missing: give token, token_env, token_file or token_credential")]),
        (
            {"token": None},
            [("token", "is missing: give token, token_env, token_file or token_credential")],
        ),
        (
            {"token": "a-token", "token_env": "B"},
            [("token_env", "the same as token: keep one of them")],
        ),
        ({"token": 5}, [("token", "expected the secret itself, as text")]),
        ({"token": ""}, [("token", "expected the secret itself, as text")]),
        (
            {"token_env": "123:secret!"},
            [("token_env", "expected the name of an environment variable")],
        ),
        (
            {"token_credential": "a/b"},
            [("token_credential", "expected the name of a systemd credential")],
        ),
        (
            {"token": "a-token", "tokn_env": "B"},
            [("tokn_env", "unknown key; did you mean 'token_env'?")],
        ),
    ],
)
def test_a_mistake_with_a_secret_is_named_without_its_value(
    data: dict[str, object], found: list[tuple[str, str]]
) -> None:
    assert problems(Account, data) == found


def test_a_plugins_plain_model_takes_secrets_and_refuses_unknown_keys_too() -> None:
    plain = validated(Plain, {"key_env": "A", "inner": {"token_env": "B"}})
    assert plain.key == Secret("env", "A")
    assert plain.inner is not None
    assert plain.inner.token == Secret("env", "B")
    assert problems(Plain, {"kye_env": "A"}) == [
        ("kye_env", "unknown key; did you mean 'key_env'?")
    ]


@pytest.mark.parametrize(
    "text",
    [
        "POST https://api.telegram.org/bot123456789:AAF-abcdefghijklmnopqrstuvwxyz_0123/getMe",
        "bot123456789%3AAAF-abcdefghijklmnopqrstuvwxyz_0123",
        "token MTIzNDU2Nzg5MDEyMzQ1Njc4.GabcDE.AAF-abcdefghijklmnopqrstuvwxyz_0123 is bad",
        "Authorization: Bearer AAF-abcdefghijklmnopqrstuvwxyz_0123",
        "postgresql://bot:AAF-abcdefghijklmnopqrstuvwxyz_0123@db/chinwag",
    ],
)
def test_what_looks_like_a_token_is_masked_though_nobody_named_it(text: str) -> None:
    masked = redact(text)
    assert "AAF-" not in masked
    assert MASK in masked


def test_ordinary_text_is_left_alone() -> None:
    text = "At 12:30:45, see https://example.org/a.b.c?d=1 (v1.2.3), sha 0123456789abcdef01234567"
    assert redact(text) == text


def test_a_known_secret_is_masked_however_it_is_written() -> None:
    value = 'p@ss "word"\n/é'
    remember(value)
    for text in (
        value,
        json.dumps({"a": value}),
        repr([value]),
        "x=p%40ss%20%22word%22%0A%2F%C3%A9",
    ):
        assert MASK in redact(text)
        assert "word" not in redact(text)


@pytest.mark.parametrize(
    "secret", ["store: {url: 'postgresql://me:pass@host/db'}\n", "adapters: {console: {}}\n"]
)
def test_a_config_that_others_can_read_must_hold_no_secret(
    write: Write, faults: Faults, secret: str
) -> None:
    path = write("")
    path.chmod(0o600)
    assert scripted(secret).engine.kind == "scripted"
    path.chmod(0o644)
    if "pass" in secret:
        (fault,) = faults("engine: {kind: scripted}\n" + secret)
        assert (
            fault
            == "2: store.url: everyone on this machine can read this secret: chmod 600 config.yaml"
        )
    else:
        assert scripted(secret).adapters
