"""`chinwag init`."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from bot.cli.options import config_file, named_file

if TYPE_CHECKING:
    from bot.config.first import Answers
    from bot.types import ThinkingMode

MODES = ("off", "line", "open")
NOT_A_NETWORK = "console"
NUMBERED = ("discord", "telegram")
"""Networks where a user's id is a number."""


@click.command()
@click.option("--network", "networks", multiple=True, help="To serve; may be given repeatedly.")
@click.option(
    "--token",
    "tokens",
    multiple=True,
    metavar="NETWORK=TOKEN",
    help="Others see it in the list of processes: a variable such as TELEGRAM_TOKEN is read too.",
)
@click.option("--owner", "owners", multiple=True, metavar="NETWORK:ID", help="Who owns the bot.")
@click.option("--model", help="demo, a Hugging Face id or a folder.")
@click.option("--thinking", type=click.Choice(MODES), help="How thinking shows.")
@click.option("--unattended", is_flag=True, help="Ask nothing: defaults for what is not given.")
@config_file
def init(**given: Any) -> None:
    """Write a config from five answers.

    What a flag says is not asked. Each token goes into a file of its own beside the config, for
    this user alone.
    """
    from bot.config import first

    config = named_file() or Path(os.environ.get("CHINWAG_CONFIG") or "config.yaml")
    first.refuse_to_overwrite(config)
    answers = _answers(given, ask=not given["unattended"])
    for path in first.write(answers, config):
        click.echo(f"wrote {path}")
    for line in _next_steps(answers, f" --config {config}" if named_file() else ""):
        click.echo(line)


def _next_steps(answers: Answers, flag: str) -> Iterator[str]:
    start = "run" if answers.networks else "chat"
    yield (
        f"Now `chinwag doctor{flag}` looks whether all is well, and `chinwag {start}{flag}` starts."
    )
    if answers.networks and not answers.owners:
        yield "Then write to the bot: it tells you your id, which goes into access.owner."


def _answers(given: Mapping[str, Any], *, ask: bool) -> Answers:
    from bot.config.first import Answers

    networks = given["networks"] or (_ask_networks() if ask else ())
    tokens = _tokens(given["tokens"], networks)
    if ask:
        tokens |= _ask_tokens([network for network in networks if network not in tokens])
    owners = given["owners"] or (_ask_owners(networks) if ask else ())
    model = given["model"] or (_ask_model() if ask else "demo")
    thinking: ThinkingMode = given["thinking"] or (_ask_thinking() if ask else "line")
    return Answers(networks, tokens, owners, model, thinking)


def _tokens(given: Sequence[str], networks: Sequence[str]) -> dict[str, str]:
    """Of the flags and of the environment."""
    from bot.config.first import variable

    tokens = {n: value for n in networks if (value := os.environ.get(variable(n), "").strip())}
    for item in given:
        network, is_pair, token = item.partition("=")
        if not is_pair or network not in networks or not token.strip():
            raise click.BadParameter(
                "expected NETWORK=TOKEN of a --network", param_hint="'--token'"
            )
        tokens[network] = token.strip()
    return tokens


def _ask(question: str, **options: Any) -> Any:
    return click.prompt(question, prompt_suffix=" ", **options)


def _ask_networks() -> tuple[str, ...]:
    from bot import plugins

    known = [name for name in plugins.names("adapters") if name != NOT_A_NETWORK]

    def parsed(text: str) -> tuple[str, ...]:
        names = tuple(dict.fromkeys(text.replace(",", " ").lower().split()))
        if unknown := [name for name in names if name not in (*known, "none")]:
            raise click.BadParameter(f"{unknown[0]} is none of {', '.join(known)}")
        return tuple(name for name in names if name != "none")

    answer: tuple[str, ...] = _ask(
        f"Which networks ({', '.join(known)}, or none for the terminal alone)?",
        default=" ".join(known),
        value_proc=parsed,
    )
    return answer


def _ask_tokens(networks: Sequence[str]) -> dict[str, str]:
    """An empty answer leaves it to the environment."""
    from bot.config.first import variable

    tokens = {}
    for network in networks:
        question = f"The bot's token for {network} (empty: it will be in ${variable(network)})?"
        tokens[network] = _ask(question, default="", hide_input=True, show_default=False)
    return {network: token.strip() for network, token in tokens.items() if token.strip()}


def _ask_owners(networks: Sequence[str]) -> tuple[str, ...]:
    """An empty answer: the bot tells everyone their id who is not admitted."""
    owners = []
    for network in networks:
        question = f"Your user id on {network} (empty: write to the bot, it tells you)?"
        parsed = _number if network in NUMBERED else str.strip
        user = _ask(question, default="", show_default=False, value_proc=parsed)
        owners += [f"{network}:{user}"] if user else []
    return tuple(owners)


def _number(text: str) -> str:
    """Also of one that was written as the config has it: discord:2001."""
    number = text.strip().rpartition(":")[2]
    if number and not (number.isascii() and number.isdecimal()):
        raise click.BadParameter("it is a number and not a name; leave it empty if you don't know")
    return number


def _ask_model() -> str:
    question = "Which model (demo, a Hugging Face id such as Qwen/QwQ-32B, or a folder)?"
    answer: str = _ask(question, default="demo")
    return answer.strip()


def _ask_thinking() -> ThinkingMode:
    question = "How shall its thinking show (off, in one calm line, or open to unfold)?"
    answer: ThinkingMode = _ask(question, default="line", type=click.Choice(MODES))
    return answer
