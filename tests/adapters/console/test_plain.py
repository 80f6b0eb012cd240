"""A pipe talks to the console adapter, with a small core behind it."""

import asyncio
import os
import subprocess
import sys
from pathlib import Path

import pytest

from adapters.console import Console
from adapters.console.adapter import ConsoleConfig
from bot.errors import Unavailable
from bot.types import Invoked, Place, Post, PostRef, Received, Role, UserRef
from tests.adapters.console.core import Core


async def talk(
    monkeypatch: pytest.MonkeyPatch, path: Path, typed: bytes, **options: object
) -> tuple[Core, str]:
    """What comes out when `typed` goes in."""
    (path / "in").write_bytes(typed)
    with (path / "in").open("rb") as stdin, (path / "out").open("wb") as stdout:
        monkeypatch.setattr(sys, "stdin", stdin)
        monkeypatch.setattr(sys, "stdout", stdout)
        config = ConsoleConfig.model_validate({"downloads": path / "saved", **options})
        core = Core(Console(config))
        await core.serve()
    return core, (path / "out").read_text()


async def test_each_line_gets_its_whole_reply_and_the_end_of_input_ends_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    core, out = await talk(monkeypatch, tmp_path, b"hi\n\n   \nlong 2\nlast without an end")
    assert out == (
        "you said: hi\nparagraph 1 is **here**\n\nparagraph 2 is **here**\n"
        "you said: last without an end\n"
    )
    assert len(core.events) == 3


async def test_a_line_with_a_slash_is_a_command(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    core, out = await talk(monkeypatch, tmp_path, b"/help me\n/etc/hosts\n")
    assert out == "command help me\nyou said: /etc/hosts\n"
    first, second = core.events
    assert isinstance(first, Invoked)
    assert isinstance(second, Received)
    assert first.id != second.message.id


async def test_the_thinking_line_is_left_out_and_thoughts_are_quoted(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    _, out = await talk(monkeypatch, tmp_path, b"think\n")
    assert out == "thought of it\n\n> first this\n> then that\n"


async def test_thoughts_that_go_before_do_not_count_as_the_answer(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    _, out = await talk(monkeypatch, tmp_path, b"open\n")
    assert out == "thought\n\n> so far\nand the answer\n"


async def test_bytes_that_are_no_text_and_nul_arrive_as_replacement_characters(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    _, out = await talk(monkeypatch, tmp_path, b"a\0b\n\xff\n\xed\xa0\x80\n")
    assert out == "you said: a\ufffdb\nyou said: \ufffd\nyou said: \ufffd\ufffd\ufffd\n"


async def test_a_line_of_a_hundred_kilobytes_arrives_whole(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    _, out = await talk(monkeypatch, tmp_path, b"x" * 100_000 + b"\n")
    assert out == "you said: " + "x" * 100_000 + "\n"


async def test_a_message_without_an_answer_does_not_hold_up_the_next(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    _, out = await talk(monkeypatch, tmp_path, b"mute\nhi\n", patience=0.05)
    assert out == "you said: hi\n"
    assert "No answer came" in capfd.readouterr().err


async def test_a_store_that_cannot_keep_the_message_says_so_as_the_reply(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    _, out = await talk(monkeypatch, tmp_path, b"full\nhi\n")
    assert out == "The disk is full.\nyou said: hi\n"


async def test_files_are_saved_and_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    _, out = await talk(monkeypatch, tmp_path, b"file\n")
    assert out == f"Here:\n\n`{tmp_path}/saved/note.txt` (8 bytes)\n"
    assert (tmp_path / "saved" / "note.txt").read_bytes() == b"contents"


async def test_output_that_cannot_be_written_is_a_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    with open(os.devnull, "rb") as stdin, open("/dev/full", "wb", buffering=0) as stdout:  # noqa: ASYNC230, PTH123
        reading, writing = os.pipe()
        os.write(writing, b"hi\n")
        os.close(writing)
        os.dup2(reading, stdin.fileno())
        os.close(reading)
        monkeypatch.setattr(sys, "stdin", stdin)
        monkeypatch.setattr(sys, "stdout", stdout)
        with pytest.raises(ExceptionGroup) as caught:
            await Core(Console(ConsoleConfig())).serve()
    assert caught.group_contains(Unavailable, match="No space left")


async def test_cancelling_ends_it_while_it_waits_for_a_line(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    reading, writing = os.pipe()
    with os.fdopen(reading, "rb") as stdin, os.fdopen(writing, "wb"):
        monkeypatch.setattr(sys, "stdin", stdin)
        serving = asyncio.create_task(Core(Console(ConsoleConfig())).serve())
        await asyncio.sleep(0.02)
        serving.cancel()
        with pytest.raises(asyncio.CancelledError):
            await serving


async def test_whoever_is_at_the_terminal_owns_the_bot() -> None:
    console = Console(ConsoleConfig())
    place = Place("console", "default", private=True)
    assert await console.role(UserRef("console", "me"), place) is Role.OWNER


async def test_what_was_printed_is_gone_for_edits() -> None:
    console = Console(ConsoleConfig())
    ref = PostRef(Place("console", "default"), "printed")
    with pytest.raises(Exception, match="can't be changed"):
        await console.edit(ref, Post("new"))
    with pytest.raises(Exception, match="can't be taken back"):
        await console.delete(ref)


@pytest.mark.slow
def test_a_reader_that_leaves_early_is_no_failure() -> None:
    script = (
        f"yes hi | head -2000 | {sys.executable} -m tests.adapters.console.core | head -1; "
        "echo ${PIPESTATUS[2]}"
    )
    done = subprocess.run(
        ["bash", "-c", script],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert done.stdout == "you said: hi\n0\n"
    assert done.stderr == ""
