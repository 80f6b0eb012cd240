"""What a person waits for at the terminal, and the same words from transformers' own generate.

The processes that are measured run one at a time and by turns, so that whatever else the machine
does falls on all of them. Memory is the peak of what is resident, mapped weights included.
"""

from __future__ import annotations

import os
import pty
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import median

from bench.contenders import Load, Outcome, generate, ours
from bench.engine import apart
from bench.report import Figure, show

ROUNDS = 3
LOAD = Load(("Tell me about the history of the harbour, and of those who work in it.",), new=64)
PROMPT = "›".encode()
QUESTION = b"Hello\n"
CHAT = (sys.executable, "-m", "bot", "chat")


@dataclass(frozen=True, slots=True)
class Start:
    """Seconds from the start of the process; `memory` in bytes."""

    prompt: float
    answer: float
    memory: int


@dataclass(frozen=True, slots=True)
class Run:
    outcome: Outcome
    memory: int


def main() -> None:
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "chinwag-tests"
    cache.mkdir(parents=True, exist_ok=True)
    apart(ours, cache, replace(LOAD, new=1))  # makes the model where it is missing, warms its files
    starts, reference, mine = [], [], []
    for _ in range(ROUNDS):
        starts.append(start(cache))
        reference.append(apart(measured, generate, cache, LOAD))
        mine.append(apart(measured, ours, cache, LOAD))
    show("chinwag chat, from its start, with a warm cache", [start_row(starts)], rounds=ROUNDS)
    plain, own = row("transformers.generate", reference), row("chinwag", mine)
    ratios = {"chinwag / generate, each round": ratio_of_each(reference, mine)}
    show(f"{LOAD.new} tokens, greedy, one conversation", [plain, own], rounds=ROUNDS, **ratios)


def start(cache: Path) -> Start:
    """`chinwag chat` twice: at a terminal until its prompt, from a pipe until its first answer."""
    with tempfile.TemporaryDirectory() as home:
        chosen = {
            "CHINWAG__HOME": home,
            "CHINWAG__ENGINE__MODEL": "demo",
            "CHINWAG__ENGINE__CACHE": str(cache),
            "CHINWAG__SAMPLING__MAX_NEW_TOKENS": "1",
            "TERM": "xterm",
        }
        environ = {**os.environ, **chosen}
        answer, memory = seconds_to_answer(environ)
        return Start(seconds_to_prompt(environ), answer, memory)


def seconds_to_prompt(environ: Mapping[str, str]) -> float:
    """Raises OSError where the chat ends before it."""
    screen, terminal = pty.openpty()
    begin = time.monotonic()
    with subprocess.Popen(
        CHAT, stdin=terminal, stdout=terminal, stderr=terminal, env=environ
    ) as chat:
        os.close(terminal)
        seen = b""
        while PROMPT not in seen:
            seen += os.read(screen, 4096)
        elapsed = time.monotonic() - begin
        chat.kill()
    os.close(screen)
    return elapsed


def seconds_to_answer(environ: Mapping[str, str]) -> tuple[float, int]:
    """And the peak memory of the process that gave it."""
    begin = time.monotonic()
    with subprocess.Popen(CHAT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environ) as chat:
        assert chat.stdin
        assert chat.stdout
        chat.stdin.write(QUESTION)
        chat.stdin.flush()
        assert chat.stdout.readline(), "it ended without an answer"
        elapsed = time.monotonic() - begin
        memory = peak_memory(chat.pid)
    return elapsed, memory


def measured(contender: Callable[[Path, Load], Outcome], cache: Path, load: Load) -> Run:
    return Run(contender(cache, load), peak_memory())


def peak_memory(pid: int | None = None) -> int:
    """Bytes; VmHWM, since the one of getrusage is inherited from the parent."""
    status = Path(f"/proc/{pid or 'self'}/status").read_text()
    line = next(line for line in status.splitlines() if line.startswith("VmHWM:"))
    return int(line.split()[1]) * 1024


def start_row(starts: Sequence[Start]) -> dict[str, Figure]:
    return {
        "to the prompt, s": median(start.prompt for start in starts),
        "to the first answer, s": median(start.answer for start in starts),
        "peak memory, MiB": median(start.memory for start in starts) / 2**20,
    }


def row(name: str, runs: Sequence[Run]) -> dict[str, Figure]:
    speeds = [run.outcome.speed for run in runs]
    return {
        "": name,
        "tokens/s": median(speeds),
        "slowest–fastest round": f"{min(speeds):.1f}–{max(speeds):.1f}",
        "time to first token, s": median(run.outcome.wait for run in runs),
        "peak memory, MiB": median(run.memory for run in runs) / 2**20,
    }


def ratio_of_each(reference: Sequence[Run], mine: Sequence[Run]) -> str:
    pairs = zip(reference, mine, strict=True)
    return " ".join(f"{m.outcome.speed / r.outcome.speed:.2f}" for r, m in pairs)


if __name__ == "__main__":
    main()
