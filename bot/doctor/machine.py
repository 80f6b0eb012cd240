"""Python, and what is installed beside it."""

from __future__ import annotations

import platform
import sys
from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, requires, version

from packaging.requirements import Requirement

from bot.types import Finding

OLDEST = (3, 11)


def check() -> Sequence[Finding]:
    return [_python(), _packages()]


def _python() -> Finding:
    found = f"{platform.python_version()} on {platform.system()} {platform.machine()}"
    if sys.version_info < OLDEST:
        return Finding("python", found, "install Python 3.11 or newer", ok=False)
    return Finding("python", found)


def _packages() -> Finding:
    """Those that are installed, extras included, have the versions that chinwag asks for."""
    found = f"chinwag {version('chinwag')} and what it needs"
    wrong = sorted(filter(None, map(_unfit, requires("chinwag") or ())))
    if wrong:
        advice = "install chinwag again, with its extras: pip install -U 'chinwag[all]'"
        return Finding("packages", "; ".join(wrong), advice, ok=False)
    return Finding("packages", found)


def _unfit(line: str) -> str:
    needed = Requirement(line)
    optional = needed.marker is not None and "extra" in str(needed.marker)
    try:
        there = version(needed.name)
    except PackageNotFoundError:
        return "" if optional else f"{needed.name} is missing"
    fits = needed.specifier.contains(there, prereleases=True)
    return "" if fits else f"{needed.name} is {there}, needed is {needed.specifier}"
