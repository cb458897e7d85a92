"""`Wanted`: what the guidance of the generator is taught beside a task."""

from __future__ import annotations

from typing import NamedTuple


class Wanted(NamedTuple):
    """What a score is taught beside a task: to be kept low, or high.

    Attributes:
        name: The task that the predictor is asked about.
        high: Whether more is wanted.
    """

    name: str
    high: bool

    @property
    def target(self) -> str:
        """Its name among the targets of the score; less of it is wanted."""
        return f"{'high' if self.high else 'low'} {self.name}"
