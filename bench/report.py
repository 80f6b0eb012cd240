"""How every benchmark tells its figures: a table for people, one line of JSON for programs."""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Mapping, Sequence

from rich.console import Console
from rich.table import Table

Figure = str | int | float | None


def show(title: str, rows: Sequence[Mapping[str, Figure]], **facts: Figure) -> None:
    """Print the rows, whose keys (the same in each) name the columns with their units. `facts`
    hold for all of them."""
    table = Table(title=title, caption=", ".join(f"{k} {_text(v)}" for k, v in facts.items()))
    for name in rows[0]:
        table.add_column(name, justify="right")
    for row in rows:
        table.add_row(*map(_text, row.values()))
    Console().print(table)
    found = {"bench": title, "machine": machine(), **facts, "rows": list(rows)}
    print(json.dumps(found, ensure_ascii=False))


def machine() -> str:
    return f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}"


def _text(figure: Figure) -> str:
    return f"{figure:,.4g}" if isinstance(figure, float) else str(figure)
