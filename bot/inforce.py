"""What the config says of the house, and how it is put in force when it is read again."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bot.access import Access
from bot.config import Config
from bot.config.model import Limits
from bot.effective import Effective
from bot.limits import Allowance, Gate
from bot.reload import Apply
from bot.retention import Retention
from bot.settings import Settings
from bot.types import Role

OF_PLACES = ("system_prompt", "thinking", "respond", "context", "language")
"""Keys of the config that are settings of each place, too."""


def in_force(
    settings: Settings, access: Access, gate: Gate, retention: Retention
) -> Mapping[str, Apply]:
    """Keys of the config that hold as soon as it is read again; the others need a restart."""

    def rebase(new: Config) -> None:
        settings.rebase(defaults(new), configured(new))

    def admit(new: Config) -> None:
        access.admit(new.access.owner, new.access.allow)

    def limit(new: Config) -> None:
        gate.limit(*allowances(new.limits))

    def keep(new: Config) -> None:
        retention.keep(kept_days(new))

    of_places = dict.fromkeys(("sampling", *OF_PLACES), rebase)
    return {**of_places, "access": admit, "limits": limit, "retention": keep}


def defaults(config: Config) -> Effective:
    """chinwag's own."""
    return Effective(**{name: getattr(config, name) for name in OF_PLACES})


def configured(config: Config) -> dict[str, Any]:
    """What the config's author wrote of the settings."""
    own = {name: getattr(config, name) for name in OF_PLACES if name in config.model_fields_set}
    return {**config.sampling.written(), **own}


def allowances(limits: Limits) -> tuple[Mapping[Role, Allowance], Allowance]:
    """Of the roles, and of a chat."""
    named = {Role.OWNER: limits.owner, Role.ADMIN: limits.admin, Role.USER: limits.user}
    roles = {role: Allowance(**allowed.limits()) for role, allowed in named.items()}
    return roles, Allowance(**limits.place.limits())


def kept_days(config: Config) -> int | None:
    return config.retention.days or None
