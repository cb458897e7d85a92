"""The report of fine-tuned tasks: what answers, how well it ranks labels that it has not seen, and beside what."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import LogFormatter
from numpy.typing import NDArray
from scipy.stats import beta, kendalltau, spearmanr

from archlm.conformal import LEVEL
from archlm.finetuning.finetuned import FinetunedTask
from archlm.finetuning.learning_curve import LearningCurve
from archlm.finetuning.selection import CHOSEN
from archlm.writing import writing
from onnx_bench.arrays import Floats
from onnx_bench.reading.text import printable

LEVELS = np.arange(0.1, 1.0, 0.1)
_TITLE_MOST = 45
"""Characters of a title in a picture."""


def write_report(folder: Path, parts: Sequence[FinetunedTask]) -> Path:
    """Write `report.md`, with a section for each task, and its pictures to `folder`.

    Every number is of labels predicted by learners that were fitted without them; the labels themselves are in it.

    Raises:
        UserInputError: The folder cannot be written.
    """
    path = folder / "report.md"
    with writing(path):
        folder.mkdir(parents=True, exist_ok=True)
        sections = [_section(part, folder, f"-{place}" if place else "") for place, part in enumerate(parts)]
        path.write_text("\n".join(sections), encoding="utf-8")
    return path


def _section(part: FinetunedTask, folder: Path, mark: str) -> str:
    """The text about a task; its pictures, whose names end in `mark`, are written to `folder`."""
    known = np.isfinite(part.choice.scores)
    measured, predicted = part.values[known], part.to_values(part.choice.scores[known])
    pictures = {
        "predicted": _scatter(measured, predicted, part), "calibration": _calibration(part, known),
        "learners": _errors(part),
    }  # fmt: skip
    if part.curve is not None and len(part.curve.labels) > 1:
        pictures["curve"] = _curve(part.curve)
    for name, picture in pictures.items():
        picture.savefig(folder / f"{name}{mark}.png", dpi=120)
    return _text(part, known, measured, predicted, mark)


def _text(part: FinetunedTask, known: NDArray[np.bool_], measured: Floats, predicted: Floats, mark: str) -> str:
    task, unit = part.task, f" {part.task.unit}" if part.task.unit else ""
    better = "higher" if task.direction == "max" else "lower"
    low, high = (float(np.quantile(part.values, q)) for q in (0.0, 1.0))
    lucky = held(len(measured))
    lines = [
        f"# {_escaped(task.name)}", "",
        f"{len(part.values)} measured networks, {low:.4g} to {high:.4g}{unit}, {better} is better.", "",
        f"**What answers.** {_escaped(part.explanation)}.", "",
        f"**Why.** {_why(len(part.values))}", "",
        f"Of {len(measured)} labels, each predicted by learners that had not seen it:", "",
        "| | Spearman | Kendall | mean absolute error |", "|---|---|---|---|",
        _row("the predictor", predicted, measured, unit),
        *(_row(name, values[known], measured, None) for name, values in part.baselines.items()),
        "", "Sizes stand beside it as they are, by rank alone: the larger the better where more is better, and the "
        "smaller the better where less is.", "",
        f"![Predicted against measured](predicted{mark}.png)", "",
        f"The bars are {LEVEL:.0%} intervals. So many of further networks like these they hold on average, or more; "
        f"in nine of ten samples of {len(measured)} labels it is about {lucky[0]:.0%} to {lucky[1]:.0%} of them.", "",
        f"![Calibration](calibration{mark}.png)", "",
        "Share of labels inside intervals of different nominal levels, from residuals of other labels.", "",
        f"![Learners](learners{mark}.png)", "", *([] if part.curve is None else _curve_lines(part.curve, mark)),
    ]  # fmt: skip
    return "\n".join(lines)


def held(labels: int) -> tuple[float, float]:
    """Between which shares intervals hold of further networks, in nine of ten samples of so many labels.

    For conformal ones they follow a beta distribution, for those of fewer labels about so (Vovk, Conditional validity
    of inductive conformal predictors, 2012).
    """
    low, high = beta.ppf((0.05, 0.95), LEVEL * (labels + 1), (1 - LEVEL) * (labels + 1))
    return float(low), float(high)


def _why(labels: int) -> str:
    if labels < 60:
        return (
            "So few labels suit simple learners: lines through the size of a network or what is said of its "
            "description, Gaussian processes on what the pretrained members say of it and, for costs that add up over "
            "layers, a device like the known ones. Cross-validation on the labels weighs them. More labels bring more "
            "than another method would."
        )
    return (
        "Learners that suit this number of labels were cross-validated on them, and weighed by their errors; the "
        "weights that judge a label come from other labels."
    )


def _row(name: str, predicted: Floats, measured: Floats, unit: str | None) -> str:
    rho, tau = spearmanr(predicted, measured).statistic, kendalltau(predicted, measured).statistic
    error = "" if unit is None else f"{np.abs(predicted - measured).mean():.3g}{unit}"
    return f"| {name} | {rho:.3f} | {tau:.3f} | {error} |"


def _scatter(measured: Floats, predicted: Floats, part: FinetunedTask) -> Figure:
    figure = Figure(figsize=(5, 4.5), layout="constrained")
    axes = figure.subplots()
    scores = part.scale.to_scores(predicted)
    low, _, high = (part.to_values(scores + q) for q in part.band)
    reach = np.abs([predicted - low, high - predicted])
    axes.errorbar(measured, predicted, yerr=reach, fmt="o", ms=3, lw=0.6, alpha=0.6)
    ends = [min(measured.min(), predicted.min()), max(measured.max(), predicted.max())]
    axes.plot(ends, ends, color="0.5", lw=1)
    unit = f", {part.task.unit}" if part.task.unit else ""
    axes.set_title(printable(part.task.title)[:_TITLE_MOST], parse_math=False, fontsize="medium")
    axes.set_xlabel(f"measured{unit}", parse_math=False)
    axes.set_ylabel(f"predicted without the label{unit}", parse_math=False)
    if part.scale.logarithmic:  # of small values and large ones the same share is off
        axes.set(xscale="log", yscale="log")
        for axis in (axes.xaxis, axes.yaxis):
            axis.set_major_formatter(LogFormatter())
            axis.set_minor_formatter(LogFormatter(labelOnlyBase=False))
    return figure


def inside_bands(residuals: Floats) -> Floats:
    """Share of one half of the residuals inside bands from the other, both ways. Shapes: [N] -> [len(LEVELS)]."""
    order = np.random.default_rng(0).permutation(len(residuals))
    halves = residuals[order[::2]], residuals[order[1::2]]
    found = [
        np.abs(a - np.median(b))[:, None] <= np.quantile(np.abs(b - np.median(b)), LEVELS, method="weibull")
        for a, b in (halves, halves[::-1])
    ]  # fmt: skip
    return np.concatenate(found).mean(axis=0)


def _calibration(part: FinetunedTask, known: NDArray[np.bool_]) -> Figure:
    inside = inside_bands(part.scale.to_scores(part.values[known]) - part.choice.scores[known])
    figure = Figure(figsize=(4, 4), layout="constrained")
    axes = figure.subplots()
    axes.plot(LEVELS, inside, "o-")
    axes.plot([0, 1], [0, 1], color="0.5", lw=1)
    axes.set(xlabel="nominal level", ylabel="share of labels inside", xlim=(0, 1), ylim=(0, 1.02))
    return figure


def _errors(part: FinetunedTask) -> Figure:
    errors = dict(sorted(part.choice.errors.items(), key=lambda item: -item[1]))
    figure = Figure(figsize=(6, 0.5 + 0.4 * len(errors)), layout="constrained")
    axes = figure.subplots()
    axes.barh(list(errors), list(errors.values()), color=["C1" if name == CHOSEN else "C0" for name in errors])
    axes.set(xlabel="cross-validated error, in standard deviations of the labels")
    return figure


def _curve_lines(curve: LearningCurve, mark: str) -> list[str]:
    if len(curve.labels) < 2:
        return ["So few labels have no learning curve.", ""]
    return [
        "The same learners fitted to parts of the labels, and asked about labels that they have not seen: where the "
        "error still falls at the end, more labels help.", "",
        "| labels | error, in standard deviations of the labels |", "|---|---|",
        *(f"| {labels} | {error:.2f} |" for labels, error in zip(curve.labels, curve.errors, strict=True)), "",
        f"![Learning curve](curve{mark}.png)", "",
    ]  # fmt: skip


def _curve(curve: LearningCurve) -> Figure:
    figure = Figure(figsize=(5, 3.5), layout="constrained")
    axes = figure.subplots()
    axes.semilogx(curve.labels, curve.errors, "o-")
    axes.set_xticks(curve.labels, list(map(str, curve.labels)))
    axes.set_xticks([], minor=True)
    axes.set(xlabel="labels", ylabel="error, in standard deviations of the labels", ylim=(0, 1.1 * max(curve.errors)))
    return figure


def _escaped(text: str) -> str:
    """Text of the user's table, which must not become markup."""
    return "".join(f"\\{c}" if c in r"\`*_{}[]<>()#|!" else c for c in text if c.isprintable())
