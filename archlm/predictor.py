"""`Predictor`: how good will these networks be, how sure is the answer, and why."""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from archlm.answer import COLUMNS, FAMILIAR, ErrorInfo
from archlm.explain import explain_graph
from archlm.items import as_graph, as_graphs, name_of
from archlm.known import Nearest, embed
from archlm.members.blend import blend_by_space
from archlm.members.neural_members import NeuralScores
from archlm.weights_store import TaskPart, Weights
from encoders import features
from onnx_bench.errors import UserInputError
from onnx_bench.graph import ArchGraph
from onnx_bench.tasks import get_task

if TYPE_CHECKING:
    import pandas as pd

Floats = NDArray[np.float64]

SHIPPED = Path(__file__).parent / "weights"
_CHUNK = 64
"""Networks that are answered at once; the reader works ahead meanwhile."""


class Predictor:
    """Predicts the quality of networks from their graphs.

    Example:
        >>> predictor = Predictor.from_pretrained()
        >>> arch = "|nor_conv_3x3~0|+|skip_connect~0|nor_conv_3x3~1|+|none~0|skip_connect~1|nor_conv_3x3~2|"
        >>> table = predictor.predict([("nasbench201", arch)], tasks=["cifar10"])
        >>> bool(93 < table["mean"][0] < 95)
        True
    """

    def __init__(self, weights: Weights) -> None:
        self.weights = weights

    @classmethod
    def from_pretrained(cls, path: str | Path | None = None) -> Predictor:
        """Load weights; parts are read when they are first needed.

        Args:
            path: A folder written by `save_pretrained`; the shipped weights if left out.

        Raises:
            CheckpointError: The folder is no checkpoint, or one of another version.
        """
        return cls(Weights(SHIPPED if path is None else Path(path)))

    @property
    def tasks(self) -> tuple[str, ...]:
        """Names of the tasks it answers."""
        return self.weights.tasks

    def predict(self, items: Iterable[Any], tasks: Sequence[str] = ("cifar10",)) -> pd.DataFrame:
        """Answer every task for every item.

        Args:
            items: ONNX paths or bytes, `ArchGraph`s, (space, architecture) pairs, (torch module, example) pairs.
            tasks: Names of tasks, see `tasks`.

        Returns:
            One row for each item and task in the order given, with the columns of `archlm.answer.Answer`. An item that
            cannot be read has `error` set and no numbers.

        Raises:
            UnknownNameError: A task is not known.
        """
        import pandas as pd

        def read() -> Iterator[ArchGraph | UserInputError]:
            yield from as_graphs(listed)

        listed = list(items)
        rows = list(self.answers(read(), tasks))
        for place, row in enumerate(rows):
            row["arch"] = name_of(listed[place // len(tasks)], place // len(tasks))
        return pd.DataFrame(rows, columns=list(COLUMNS))

    def answers(self, graphs: Iterable[ArchGraph | UserInputError], tasks: Sequence[str]) -> Iterator[dict[str, Any]]:
        """The rows of `predict` as they are found, for graphs that are read already; an error becomes an error row."""
        parts = [self.weights.task(task) for task in tasks]
        pending = iter(graphs)
        while chunk := list(islice(pending, _CHUNK)):
            good = [g.normalise() for g in chunk if isinstance(g, ArchGraph)]
            signals = self._signals(good)
            columns = [self._answer(signals, task, part) for task, part in zip(tasks, parts, strict=True)]
            places = iter(range(len(good)))
            for graph in chunk:
                if isinstance(graph, ArchGraph):
                    place = next(places)
                    yield from (column[place] for column in columns)
                else:
                    yield from (_failed(task, graph) for task in tasks)

    def explain(self, item: Any, task: str, layers: int = 10) -> dict[str, Any]:
        """Which features and which layers move the answer of the trees or the head; the neural members do not say.

        Args:
            item: As in `predict`.
            task: Name of a task.
            layers: At most this many layers.

        Returns:
            `features`: name, value, and effect in the task's unit against the average known network, largest first;
            `layers`: index, op, shape, share of the network's MACs, and effect, by how much the answer would change if
            the layer did nothing and cost nothing (negative: the layer helps).

        Raises:
            UserInputError: The item cannot be read.
        """
        graph, part = as_graph(item), self.weights.task(task)
        familiar = bool(self._familiar(self._signals([graph]), part)[0][0] >= FAMILIAR)
        sign = _sign(task)

        def value(table: Floats) -> Floats:
            if familiar:
                return sign * part.model.predict(table)
            return sign * part.model.scale.to_value(part.cross.to_normal(self.weights.head.score(table)))

        return explain_graph(graph, self.weights, part, familiar, sign, value, layers)

    def save_pretrained(self, folder: str | Path) -> None:
        """Write the weights to `folder`, to be read by `from_pretrained`."""
        source = self.weights.checkpoint.folder
        shutil.copytree(source, folder, dirs_exist_ok=True, ignore=shutil.ignore_patterns("*.py", "__pycache__"))

    def _signals(self, graphs: Sequence[ArchGraph]) -> Signals:
        if not graphs:
            return Signals((), np.zeros((0, len(features.NAMES))), None)
        table = features.compute_many(graphs)
        return Signals(tuple(graphs), table, self.weights.neural.ask(graphs, table))

    def _familiar(self, signals: Signals, part: TaskPart) -> tuple[Floats, Nearest]:
        known = self.weights.known
        return known.in_distribution(signals.embedding, np.isin(known.spaces, part.spaces))

    def _answer(self, signals: Signals, task: str, part: TaskPart) -> list[dict[str, Any]]:
        if signals.neural is None:
            return []
        share, near = self._familiar(signals, part)
        familiar = share >= FAMILIAR
        place = self.weights.neural.tasks.index(task)
        trees = part.model.score(signals.features)
        members = np.stack([trees, signals.neural.graph[:, place], signals.neural.text[:, place]], axis=1)
        nearest = np.array(self.weights.known.spaces)[near.places[:, 0]]
        blended = blend_by_space(part.blends, members, nearest)
        score = self.weights.head.score(signals.features)
        scale = part.model.scale
        mean = scale.to_value(blended)
        inside, outside = part.bands.interval(mean), part.cross.interval(score, scale)
        low, middle, high = (np.where(familiar, a, b) for a, b in zip(inside, outside, strict=True))
        mean = np.where(familiar, mean, middle)
        percentile = scale.percentile(mean)
        sign = _sign(task)
        if sign < 0:
            low, high = high, low
        known = self.weights.known
        predicted = sign * scale.to_value(known.predicted[near.places, place].astype(np.float64))
        rows = []
        for i, graph in enumerate(signals.graphs):
            rows.append({
                "arch": graph.name, "task": task, "mean": sign * float(mean[i]), "q05": sign * float(low[i]),
                "q50": sign * float(middle[i]), "q95": sign * float(high[i]), "percentile": float(percentile[i]),
                "in_distribution": float(share[i]), "score": float(score[i]),
                "neighbours": [
                    {"space": known.spaces[p], "name": known.names[p], "distance": float(d), "predicted": float(v)}
                    for p, d, v in zip(near.places[i], near.distances[i], predicted[i], strict=True)
                ],
                "warnings": [*graph.warnings, *_notes(task, bool(familiar[i]), bool(signals.neural.truncated[i]))],
                "error": None,
            })  # fmt: skip
        return rows


class Signals(NamedTuple):
    """What is computed once for B networks, whatever they are asked.

    Shapes:
        graphs: B normalised graphs; features: [B, F]; neural: of the same B, `None` where B is 0.
    """

    graphs: tuple[ArchGraph, ...]
    features: Floats
    neural: NeuralScores | None

    @property
    def embedding(self) -> Floats:
        """Where the networks lie among the known ones. Shapes: [B, D]."""
        return self.features if self.neural is None else embed(self.features, self.neural.vectors)


def _sign(task: str) -> int:
    """The members predict quality, of which more is better: a loss is negated."""
    return 1 if get_task(task).direction == "max" else -1


def _notes(task: str, familiar: bool, truncated: bool) -> list[str]:
    notes = []
    if not familiar:
        notes.append(
            f"unlike the networks measured on {task}: not asked of the neural members but ranked by the cross-domain "
            "head, the interval is that of unknown spaces"
        )
    elif truncated:
        notes.append("its text is longer than the text encoder reads; the end of it was left out there")
    return notes


def _failed(task: str, error: UserInputError) -> dict[str, Any]:
    row: dict[str, Any] = dict.fromkeys(COLUMNS)
    found = ErrorInfo(type=type(error).__name__, message=str(error))
    return row | {"arch": "", "task": task, "neighbours": [], "warnings": [], "error": found}
