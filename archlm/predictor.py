"""`Predictor`: how good will these networks be, how sure is the answer, and why."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from archlm.answer import COLUMNS, ErrorInfo
from archlm.checkpoint import write_checkpoint
from archlm.described_answer import described_rows
from archlm.explain import explain_graph
from archlm.items import as_graph, as_graphs, as_list, name_of
from archlm.latency_answer import latency_rows
from archlm.measured_answer import familiarity, measured_rows, quality_sign
from archlm.signals import Signals
from archlm.weights_store import Weights
from onnx_bench import spaces
from onnx_bench.arrays import Floats
from onnx_bench.errors import UserInputError
from onnx_bench.graph import ArchGraph
from onnx_bench.tasks import Task, get_task, register_task, unknown_task
from onnx_bench.tasks.latency import PREFIX as LATENCY

if TYPE_CHECKING:
    import pandas as pd

    from archlm.finetuning.finetuned import FinetunedTask
    from archlm.finetuning.sample import Sample
    from archlm.finetuning.table import LabelledNetworks
    from archlm.record_store import RecordStore

SHIPPED = Path(__file__).parent / "weights"
_CHUNK = 64
"""Networks that are answered at once; the reader works ahead meanwhile."""
_REMEMBERED = 4096
"""Networks whose answers are remembered while others are asked for."""


_EMPTY: dict[str, Any] = dict.fromkeys(COLUMNS)


class Predictor:
    """Predicts the quality of networks from their graphs.

    Example:
        >>> predictor = Predictor.from_pretrained()
        >>> arch = "|nor_conv_3x3~0|+|skip_connect~0|nor_conv_3x3~1|+|none~0|skip_connect~1|nor_conv_3x3~2|"
        >>> table = predictor.predict([("nasbench201", arch)], tasks=["cifar10"])
        >>> bool(93 < table["mean"][0] < 95)
        True
    """

    def __init__(self, weights: Weights, finetuned: Mapping[str, FinetunedTask] | None = None) -> None:
        self.weights = weights
        self.finetuned = dict(finetuned or {})
        for part in self.finetuned.values():
            register_task(part.task)

    @classmethod
    def from_pretrained(cls, path: str | Path | None = None) -> Predictor:
        """Load weights; parts are read when they are first needed.

        Args:
            path: A folder written by `save_pretrained`; the shipped weights if left out.

        Raises:
            CheckpointError: The folder is no checkpoint, or one of another version.
        """
        weights = Weights(SHIPPED if path is None else Path(path))
        if path is None:
            return cls(weights)
        from archlm.finetuning.store import read_finetuned  # nobody else waits for it

        return cls(weights, read_finetuned(weights.checkpoint, len(weights.neural_tasks)))

    @property
    def tasks(self) -> tuple[str, ...]:
        """Names of the tasks it answers, fine-tuned ones first."""
        shipped = (*self.weights.tasks, *map(LATENCY.__add__, self.weights.devices.spaces))
        return (*self.finetuned, *(task for task in shipped if task not in self.finetuned))

    @property
    def own_tasks(self) -> dict[str, Task]:
        """The fine-tuned tasks by name; those that `get_task` knows are of the predictor that was made last."""
        return {name: part.task for name, part in self.finetuned.items()}

    def predict(
        self, items: Any, tasks: str | Task | Iterable[str | Task] = ("cifar10",), *,
        space: str | None = None, records: str | Path | None = None,
    ) -> pd.DataFrame:  # fmt: skip
        """Answer every task for every item.

        Args:
            items: ONNX paths, bytes or models, `ArchGraph`s, (space, architecture) or (torch module, example) pairs;
                one may stand alone.
            tasks: One or several names of tasks, see `tasks`; or a `Task` that nobody has measured, to be asked by its
                description alone: it gets a percentile, a score and a warning, but no value.
            space: The items are architecture strings of this search space, a column of a table for example.
            records: A data set made by `archlm bench build`: what it has measured of the networks and of their
                neighbours stands in the answers, as `measured`.

        Returns:
            One row for each item and task in the order given, with the columns of `archlm.answer.Answer`. An item that
            cannot be read has `error` set and no numbers.

        Raises:
            UnknownNameError: A task or the space is not known.
            UserInputError: The items are a table; a task is neither a name nor a `Task`; `records` holds no
                finished data set of this version, or a damaged one.
        """
        import pandas as pd

        def read() -> Iterator[ArchGraph | UserInputError]:
            members = listed if space is None else [(space, item) for item in listed]
            yield from as_graphs(members, as_trained=any(self.reads_as_trained(task) for task in asked))

        listed = as_list(items)
        if space is not None:
            spaces.get(space)  # one mistake, not one of each item
        asked = [tasks] if isinstance(tasks, str) or not isinstance(tasks, Iterable) else list(tasks)
        rows = list(self.answers(read(), asked, None if records is None else open_records(records)))
        for place, row in enumerate(rows):
            row["arch"] = name_of(listed[place // len(asked)], place // len(asked))
        return pd.DataFrame(rows, columns=list(COLUMNS))

    def answers(
        self, graphs: Iterable[ArchGraph | UserInputError], tasks: Sequence[str | Task],
        records: RecordStore | None = None,
    ) -> Iterator[dict[str, Any]]:  # fmt: skip
        """The rows of `predict` as they are found, for graphs that are read already; an error becomes an error row.

        A graph that is not normalised is one that a search space has drawn as it was trained; on the tasks that
        `reads_as_trained` names, it is answered as such. The `records` are those that `open_records` opens. Equal
        networks, of which search spaces are full, are answered once.
        """
        asked = [self._answering(task) for task in tasks]
        names = [task if isinstance(task, str) else task.name for task in tasks]
        pending = iter(graphs)
        answered: dict[Hashable, list[dict[str, Any]]] = {}
        while chunk := list(islice(pending, _CHUNK)):
            keys = [_key(graph) for graph in chunk]
            new = {
                key: graph for key, graph in zip(keys, chunk, strict=True)
                if isinstance(graph, ArchGraph) and key not in answered
            }  # fmt: skip
            signals = Signals.of(self.weights, list(new.values()))
            columns = [[_EMPTY | row for row in answer(signals)] for answer in asked]
            if records is not None:
                for name, rows in zip(names, columns, strict=True):
                    records.add_to(rows, signals.graphs, name)
            answered |= {key: [column[place] for column in columns] for place, key in enumerate(new)}
            for key, graph in zip(keys, chunk, strict=True):
                if isinstance(graph, ArchGraph):
                    yield from (row | {"arch": graph.name} for row in answered[key])
                else:
                    yield from (_failed(name, graph) for name in names)
            if len(answered) > _REMEMBERED:
                answered.clear()

    def expected(self, graphs: Iterable[ArchGraph], task: str) -> list[float]:
        """The `mean` of `answers` on one task, sooner where a fine-tuned one answers from little.

        Raises:
            UnknownNameError: Nothing answers the task.
        """
        if task not in self.finetuned:
            return [row["mean"] for row in self.answers(graphs, [task])]
        part, pending = self.finetuned[task], iter(graphs)
        found: list[float] = []
        while chunk := list(islice(pending, _CHUNK)):
            found += part.expect(self.sample(chunk, part.task, with_graphs=part.reads_graphs)).tolist()
        return found

    def _answering(self, task: str | Task) -> Callable[[Signals], list[dict[str, Any]]]:
        """What answers a task.

        Raises:
            UnknownNameError: Nothing does.
        """
        if isinstance(task, Task):
            return lambda signals: described_rows(self.weights, signals, task)
        if not isinstance(task, str):
            raise UserInputError(f"a task is a name or a Task; found {type(task).__name__}")
        if task in self.finetuned:
            from archlm.finetuning.answers import finetuned_rows

            return lambda signals: finetuned_rows(self.weights, signals, self.finetuned[task])
        if device := self._device_of(task):
            return lambda signals: latency_rows(self.weights, signals, device)
        if task not in self.tasks:
            raise unknown_task(task, self.tasks, "this predictor answers")
        part = self.weights.task(task)
        return lambda signals: measured_rows(self.weights, signals, get_task(task), part)

    def explain(self, item: Any, task: str, layers: int = 10) -> dict[str, Any]:
        """Which features and which layers move the answer from features or of the head, whichever has more of it.

        The neural members do not say.

        Args:
            item: As in `predict`.
            task: Name of a task.
            layers: At most this many layers.

        Returns:
            `features`: name, value, and effect in the task's unit against the average of what the answering member
            was trained on, largest first;
            `layers`: index, op, shape, share of the network's MACs, and effect, by how much the answer would change if
            the layer did nothing and cost nothing (negative: the layer helps).

        Raises:
            UserInputError: The item cannot be read, or the task is a fine-tuned one.
        """
        self.check_explained(task)
        graph, part, asked = as_graph(item), self.weights.task(task), get_task(task)
        strange = familiarity(self.weights, Signals.of(self.weights, [graph]), asked, part).strange[0]
        familiar, sign = bool(strange < 0.5), quality_sign(asked)

        def to_value(score: Floats) -> Floats:
            return sign * part.model.scale.to_value(score if familiar else part.cross.to_normal(score))

        return explain_graph(graph, part.model if familiar else self.weights.head, to_value, layers)

    def check_explained(self, task: str) -> None:
        """Make sure, before anything is read, that `explain` can say something of a task. Raises UserInputError."""
        if task in self.finetuned:
            raise UserInputError(f"{task} is fine-tuned, and its learners do not say what moves them; see its report")
        if self._device_of(task):
            raise UserInputError(f"{task} adds up over the layers; `archlm inspect` shows their MACs")

    def finetune(
        self, data: Any, target: str, *, task: Task | None = None, direction: Literal["max", "min"] | None = None,
        space: str | None = None, inputs: Sequence[str] = (), average_duplicates: bool = False, quick: bool = False,
        seed: int = 0, progress: Callable[[str], None] = lambda _: None,
    ) -> Predictor:  # fmt: skip
        """A predictor that also answers a task of your own, fitted to measured networks.

        With 5 to some hundred labels Gaussian processes answer, beyond trees and graph networks join; cross-validation
        on the labels decides, and `finetuned[name].explanation` says how. A task that was fitted before is fitted again
        to the old labels and the new ones.

        Args:
            data: A CSV or parquet file, a DataFrame or a `datasets.Dataset`; the first column names the networks, see
                `archlm.finetuning.table.read_table`.
            target: The column of measured values.
            task: What they are; see `onnx_bench.tasks.Task.from_yaml`.
            direction: Whether more or less is better, where no task says it; guessed from the column if left out.
            space: The search space of architecture strings.
            inputs: Input shapes of `module:factory` networks.
            average_duplicates: Take the mean where a name is there several times, as where several are of one network.
            quick: Seconds instead of minutes for a hundred labels or more: graph networks are not trained on them.
            seed: Of everything random.
            progress: Told what is done next.

        Raises:
            InvalidTableError: The table cannot be read or learned from; the message says where and what to do.
        """
        from archlm.finetuning.table import read_table

        progress("reading the networks")
        labelled = read_table(
            data, target, task=task, direction=direction, space=space, inputs=inputs,
            average_duplicates=average_duplicates, own=self.own_tasks,
        )  # fmt: skip
        return self.finetune_on(labelled, quick=quick, seed=seed, progress=progress)

    def finetune_on(
        self, labelled: LabelledNetworks, *, quick: bool = False, seed: int = 0, threads: int = 2,
        progress: Callable[[str], None] = lambda _: None,
    ) -> Predictor:  # fmt: skip
        """`finetune` for networks that are read already."""
        from archlm.finetuning.finetune import finetune, with_earlier

        name = labelled.task.name
        if name in self.finetuned:
            labelled = with_earlier(labelled, self.finetuned[name])
        found = finetune(
            labelled, self._sample_to_learn, () if quick else self.weights.network_files(), self.weights.devices,
            seed=seed, threads=threads, progress=progress,
        )  # fmt: skip
        return Predictor(self.weights, self.finetuned | {name: found})

    def suggest(
        self, items: Iterable[Any], num: int = 10, measured: Iterable[Any] = (), task: str | None = None
    ) -> pd.DataFrame:
        """Which networks to measure next, so that few labels tell most of the others.

        Args:
            items: Candidates, as in `predict`.
            num: How many.
            measured: Networks that are measured already.
            task: A fine-tuned one, whose labels count as measured; networks on which its answer is unsure count more.

        Returns:
            The chosen ones in the order to measure them: `arch`, `order`, and `novelty`, from 0 (known by what was
            measured) to 1 (like nothing measured).

        Raises:
            UserInputError: An item cannot be read, there are fewer distinct candidates than `num`, or `task` is not
                fine-tuned.
        """
        from archlm.finetuning.suggest import suggest

        listed = as_list(items)
        graphs = [as_graph(item).renamed(name_of(item, place)) for place, item in enumerate(listed)]
        return suggest(self, graphs, [as_graph(item) for item in as_list(measured)], num, task)

    def sample(self, graphs: Sequence[ArchGraph], task: Task, *, with_graphs: bool = True) -> Sample:
        """What fine-tuning to `task` sees of networks."""
        from archlm.finetuning.sample import Sample

        return Sample.of(self.weights, Signals.of(self.weights, graphs), task, with_graphs=with_graphs)

    def _sample_to_learn(self, graphs: Sequence[ArchGraph], task: Task) -> Sample:
        return replace(self.sample(graphs, task), decorrelation=self.weights.decorrelation)

    def save_pretrained(self, folder: str | Path) -> None:
        """Write the weights, fine-tuned tasks included, to `folder`, to be read by `from_pretrained`.

        A checkpoint that is there already is replaced once everything is written; other files stay.

        Raises:
            UserInputError: The folder cannot be written.
        """
        from archlm.finetuning.store import PREFIX, finetuned_files

        checkpoint = self.weights.checkpoint
        kept = {name: checkpoint.stored(name) for name in checkpoint.names() if not name.startswith(PREFIX)}
        write_checkpoint(Path(folder), finetuned_files(self.finetuned), checkpoint.about, kept=kept)

    def reads_as_trained(self, task: str | Task) -> bool:
        """Whether it matters for a task how a network was trained, dead branches included: they cost time as well."""
        if not isinstance(task, str):
            return False
        part = self.finetuned.get(task)
        return self._device_of(task) in self.weights.devices.as_trained.devices if part is None else part.as_trained

    def _device_of(self, task: str) -> str | None:
        """The device whose latency `task` is, where it is a known one."""
        device = task.removeprefix(LATENCY)
        return device if task != device and device in self.weights.devices.spaces else None


def open_records(folder: str | Path) -> RecordStore:
    """Measured values in a data set that `archlm bench build` made, for `Predictor.answers`.

    Raises:
        UserInputError: The folder holds no finished data set of this version.
    """
    from archlm.record_store import RecordStore  # with pyarrow, for which nobody else waits

    return RecordStore(folder)


def _key(graph: ArchGraph | UserInputError) -> Hashable:
    """What the answer of a graph follows from, all but its name."""
    return (graph.nodes, graph.outputs, graph.warnings, graph.normalised) if isinstance(graph, ArchGraph) else None


def _failed(task: str, error: UserInputError) -> dict[str, Any]:
    found = ErrorInfo(type=type(error).__name__, message=str(error))
    return _EMPTY | {"arch": "", "task": task, "neighbours": [], "warnings": [], "error": found}
