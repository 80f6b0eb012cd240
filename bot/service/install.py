"""The unit for systemd: the template of `deploy/`, filled in for this installation and config."""

from __future__ import annotations

import pwd
import stat
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

import bot
from bot.config import Config, held_secrets
from bot.errors import ChinwagError
from bot.secrets import Secret

NAME = "chinwag.service"
USER = "chinwag"
HIDDEN = ("/home", "/root", "/run/user", "/tmp", "/var/tmp")  # noqa: S108 – they are avoided
"""What a service with ProtectHome and PrivateTmp sees nothing of."""


@dataclass(frozen=True, slots=True)
class Scope:
    """The whole machine, or one of its users. `secrets` is where, in a unit's words, a secret
    belongs that the config does not place."""

    template: str
    folder: Path
    secrets: str
    systemctl: str


SYSTEM = Scope(
    "chinwag.service.in",
    Path("/etc/systemd/system"),
    "/etc/chinwag",
    "systemctl",
)
OWN = Scope(
    "chinwag-user.service.in",
    Path("~/.config/systemd/user"),
    "%h/.config/chinwag",
    "systemctl --user",
)


def unit(config: Config, file: Path, scope: Scope) -> str:
    """Raises ChinwagError where the service could not reach what it needs."""
    if scope is SYSTEM:
        _require_reach(config_file=file)
    filled = {
        "EXECUTABLE": " ".join(map(_quoted, _command())),
        "CONFIG": _quoted(file.absolute()),
        "DOCUMENTATION": str(file.absolute().parent).replace("%", "%%"),
        "ENVIRONMENT": "\n".join(_environment(config, scope)),
        "CREDENTIALS": "\n".join(f"LoadCredential={n}:{p}" for n, p in credentials(config, scope)),
    }
    text = files("deploy").joinpath(scope.template).read_text("utf-8")
    for name, value in filled.items():
        text = text.replace(f"@{name}@", value)
    return text


def credentials(config: Config, scope: Scope) -> list[tuple[str, str]]:
    """The name of each secret that systemd hands over, and the file with it."""
    found = (_credential(secret, scope) for _, secret in held_secrets(config))
    return sorted({each for each in found if each is not None})


def _credential(secret: Secret, scope: Scope) -> tuple[str, str] | None:
    match secret.origin:
        case "env" | "credential":
            return secret.text, f"{scope.secrets}/{secret.text}"
        case "file" if scope is SYSTEM:  # which the service's user need not be able to read
            path = Path(secret.text).expanduser().absolute()
            return path.name, str(path).replace("%", "%%")
    return None


def _environment(config: Config, scope: Scope) -> Iterator[str]:
    options = config.engine.options
    if scope is SYSTEM and "cache" in type(options).model_fields:
        yield "Environment=CHINWAG__ENGINE__CACHE=%C/chinwag"


def _command() -> tuple[str | Path, ...]:
    script = Path(sys.executable).with_name("chinwag")
    return (script,) if script.exists() else (sys.executable, "-m", "bot")


def _require_reach(config_file: Path) -> None:
    program = (sys.executable, sys.prefix, sys.base_prefix, bot.__file__)
    for path in map(Path, program):
        if _is_hidden(path):
            raise ChinwagError(
                f"A service of the system can't see {path}: install chinwag somewhere else, such "
                "as /opt/chinwag, or take `chinwag service install --user`."
            )
    if _is_hidden(config_file) or not _readable(config_file):
        raise ChinwagError(
            f"The service's user can't read {config_file}: move it to /etc/chinwag/config.yaml, "
            "name each secret by token_file, token_env or token_credential, and chmod 644 it."
        )


def _is_hidden(path: Path) -> bool:
    return any(path.resolve().is_relative_to(folder) for folder in HIDDEN)


def _readable(file: Path) -> bool:
    mode = file.stat()
    return bool(mode.st_mode & stat.S_IROTH) or bool(
        mode.st_mode & stat.S_IRGRP and mode.st_gid in _groups()
    )


def _groups() -> set[int]:
    try:
        return {pwd.getpwnam(USER).pw_gid}
    except KeyError:
        return set()


def _quoted(word: str | Path) -> str:
    text = str(word).replace("%", "%%").replace("$", "$$")
    return f'"{text}"' if any(map(str.isspace, text)) else text


def write(text: str, file: Path) -> Path:
    """Raises ChinwagError."""
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, "utf-8")
        file.chmod(0o644)
    except OSError as error:
        raise ChinwagError(
            f"{file} can't be written: {error.strerror}. As root, or with --user?"
        ) from None
    return file


def next_steps(config: Config, scope: Scope) -> Iterable[str]:
    """Commands that are left to do, in order."""
    if scope is SYSTEM and not _groups():
        yield f"useradd --system --home-dir /var/lib/chinwag --shell /usr/sbin/nologin {USER}"
    for name, path in credentials(config, scope):
        shown = path.replace("%h", "~").replace("%%", "%")
        if not Path(shown).expanduser().exists():
            yield f"install -D -m 600 /dev/stdin {shown}  # the secret {name}, then Ctrl-D"
    yield f"{scope.systemctl} daemon-reload"
    yield f"{scope.systemctl} enable --now chinwag"
    if scope is OWN:
        yield "loginctl enable-linger  # it runs on when you log out"
