"""The one form of an answer: a row of `Predictor.predict` and an object of `archlm predict --json`."""

from __future__ import annotations

from typing import Any, TypedDict


class ErrorInfo(TypedDict):
    """Why an item has no answer."""

    type: str  # class name in onnx_bench.errors
    message: str  # what was found, the limit, what to do


class Answer(TypedDict):
    """One item asked about one task. Where `error` is set, every number is `None`."""

    arch: str  # the item as it was given: file name, module:factory or architecture string
    task: str  # see `archlm tasks`
    mean: float | None  # expected value, in the task's unit
    q05: float | None  # 90 % of true values lie between q05 and q95 (see the model card for where this holds)
    q50: float | None
    q95: float | None
    measured: float | None  # of this very architecture, where records are given that know it
    percentile: float | None  # share of the task's known architectures that are worse than the mean, 0 to 100
    in_distribution: float | None  # share of known networks that are at least as unusual as this one, see FAMILIAR
    score: float | None  # cross-domain score for ranking networks of unknown spaces; no unit
    neighbours: list[dict[str, Any]]  # nearest known architectures, nearest first: space, name, distance, predicted,
    # and, of a fine-tuned task or where records are given, measured
    warnings: list[str]  # what had to be assumed
    error: ErrorInfo | None


COLUMNS = tuple(Answer.__annotations__)
"""Keys of an answer, in order."""

FAMILIAR = 0.05
"""Below this `in_distribution`, a network is unlike those that the predictor knows: a conformal test at 5 %."""
