"""The choices of a user when saving that ParaView shows by name, before anything of the writer is needed."""

from __future__ import annotations

__all__ = ["AXES", "TIME_STEPS"]

AXES = ("zyx", "xyz")  # of arrays on grids, see `export.ExportOptions`
TIME_STEPS = ("Current", "Series", "Stacked")  # see `saving.Saving`
