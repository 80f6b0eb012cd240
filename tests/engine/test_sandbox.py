"""A chat template is a program of strangers: it can render a conversation, and nothing else."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.engine.local.chat_template import ChatTemplate, ThinkTags
from bot.errors import ModelUnavailable, RequestFailed
from bot.types import Message
from tests.engine.chat_models import smollm2_tokenizer

pytestmark = pytest.mark.slow

ESCAPES = (
    "{{ ''.__class__.__mro__[1].__subclasses__() }}",
    "{{ messages.__class__.__base__ }}",
    "{{ cycler.__init__.__globals__ }}",
    "{{ lipsum.__globals__['os'].popen('id').read() }}",
    "{{ messages.append(messages) }}",
    "{% include '/etc/passwd' %}",
    "{% for i in range(999999999) %}x{% endfor %}",
)


@pytest.mark.parametrize("escape", ESCAPES)
def test_a_template_that_reaches_out_of_its_sandbox_is_refused(
    escape: str, demo_folder: Path
) -> None:
    tokenizer = smollm2_tokenizer(demo_folder, escape)
    with pytest.raises((RequestFailed, ModelUnavailable)):
        ChatTemplate(tokenizer, ThinkTags(), ()).render([Message("user", "hi")], thinking=True)
