"""Days of usage as a picture. Blocking, and the first time a second or so: to be called in a
thread. Needs the extra `stats`.

The figure has a ground of its own, so that it reads the same in a light and in a dark chat.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from io import BytesIO
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from matplotlib.axes import Axes

GROUND, INK, FAINT, LINES = "#fbfaf7", "#22262b", "#6b7178", "#dcd9d1"
COLOURS = ("#2f6f8f", "#b5651d", "#4f7f3f", "#8a4f7d")
"""One a panel; each has a contrast of at least 3.9 to the ground."""
SIZE, DPI = (9.0, 5.6), 130
"""Inches and dots: 1170 × 728 pixels, which chats show without scaling."""
MOST_DATES = 7
"""Labels that fit under one panel."""


@dataclass(frozen=True, slots=True)
class Panel:
    """One value a day. `stacked` is a part of it that is shown darker, with its name."""

    title: str
    values: Sequence[float]
    part: Sequence[float] = ()
    part_title: str = ""


def draw(
    title: str, days: Sequence[str], panels: Sequence[Panel], number: Callable[[float], str]
) -> bytes:
    """A PNG, by the Agg backend; `number` writes a value. Without pyplot no state is kept."""
    from matplotlib.figure import Figure
    from matplotlib.layout_engine import ConstrainedLayoutEngine

    figure = Figure(
        figsize=SIZE,
        dpi=DPI,
        facecolor=GROUND,
        layout=ConstrainedLayoutEngine(h_pad=0.12, w_pad=0.15),
    )
    figure.suptitle(title, color=INK, fontsize=13, x=0.02, ha="left", weight="bold")
    axes = figure.subplots(2, 2, sharex=True)
    for axis, panel, colour in zip(axes.flat, panels, COLOURS, strict=True):
        _plot(axis, days, panel, colour, number)
    out = BytesIO()
    figure.savefig(out, format="png")
    return out.getvalue()


def _plot(
    axis: Axes, days: Sequence[str], panel: Panel, colour: str, number: Callable[[float], str]
) -> None:
    places = range(len(days))
    axis.bar(places, panel.values, color=colour, width=0.72)
    if any(panel.part):
        axis.bar(places, panel.part, color=INK, alpha=0.35, width=0.72, label=panel.part_title)
        axis.legend(loc="upper left", frameon=False, fontsize=8, labelcolor=FAINT)
    axis.set_title(panel.title, color=INK, fontsize=10, loc="left")
    axis.set_ylim(0, max(panel.values, default=0) * 1.15 or 1)
    step = -(-len(days) // MOST_DATES)
    shown = places[::-1][::step][::-1]  # the last day always
    axis.set_xticks(shown, [days[place][5:] for place in shown])
    _quieten(axis, number)


def _quieten(axis: Any, number: Callable[[float], str]) -> None:
    axis.set_facecolor(GROUND)
    axis.grid(axis="y", color=LINES, linewidth=0.8)
    axis.set_axisbelow(True)
    axis.tick_params(colors=FAINT, labelsize=8, length=0)
    axis.yaxis.set_major_formatter(lambda value, _: number(value))
    for side in axis.spines.values():
        side.set_visible(False)
