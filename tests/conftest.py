"""What holds for every test."""

from __future__ import annotations

from hypothesis import settings

# Results are judged, durations aren't: the machine may be busy.
settings.register_profile("chinwag", deadline=None)
settings.load_profile("chinwag")
