"""`read_table`: from a table of measurements to the networks it names, checked before anything learns from it.

The first column names the networks, the target column holds what was measured. A table may come from anywhere, so
text from it is shown escaped, files are read by workers, and every value is checked before the first network is
loaded. But a name `module:factory` runs that code: pass no table with factories that you would not run yourself.
"""

from __future__ import annotations

import math
import os
import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from archlm.factory import load_factory, names_factory, parse_input
from archlm.finetuning.table_rows import SHOWN_REASON, read_rows, some
from archlm.finetuning.target_kind import adds_up, has_cost_unit, lower_is_better, mixed_shares, names_cost
from archlm.items import from_space
from onnx_bench import spaces
from onnx_bench.errors import InvalidTableError, MalformedModelError, UnknownNameError, UserInputError
from onnx_bench.fingerprint import fingerprint
from onnx_bench.graph import ArchGraph
from onnx_bench.reader import read_many
from onnx_bench.reading.text import printable, quote
from onnx_bench.tasks import Task, get_task, is_shipped

if TYPE_CHECKING:
    import datasets
    import pandas as pd

LEAST = 5
"""Networks without which nothing can be learned."""
LEAST_SPREAD = 1e-200
"""Between the largest and the smallest value: with less, the arithmetic of floating point fails."""
LARGEST = 1e150
"""Of values: the squares of larger ones are infinite."""

_NUMBER = re.compile(r"[+-]?((\d+(\.\d*)?|\.\d+)(e[+-]?\d+)?|inf(inity)?)", re.ASCII | re.IGNORECASE)
_NAME_MOST = 60
_EMPTY = {"", "nan", "na", "n/a", "none", "null"}

Read = ArchGraph | UserInputError
Progress = Callable[[Iterable[Read], int], Iterable[Read]]


@dataclass(frozen=True)
class LabelledNetworks:
    """Measured networks, distinct by `identity`.

    Attributes:
        names: [N], as in the table.
        graphs: [N], normalised; as they were trained where a search space drew them and the target adds up over layers.
        values: float64 [N], finite, in the unit of the column.
        task: What was measured.
        notes: What was assumed, for the user to read.
    """

    names: tuple[str, ...]
    graphs: tuple[ArchGraph, ...]
    values: NDArray[np.float64]
    task: Task
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class _Row:
    number: int  # as a spreadsheet counts: the header is row 1
    name: str
    value: Any
    space: str

    def __str__(self) -> str:
        return f"row {self.number} {quote(self.name)}"


def read_table(
    data: str | Path | pd.DataFrame | datasets.Dataset,
    target: str,
    *,
    task: Task | None = None,
    direction: Literal["max", "min"] | None = None,
    space: str | None = None,
    inputs: Sequence[str] = (),
    average_duplicates: bool = False,
    own: Mapping[str, Task] = MappingProxyType({}),
    progress: Progress | None = None,
) -> LabelledNetworks:
    """Read and check a table of measured networks.

    Args:
        data: A CSV or parquet file, a DataFrame, or a `datasets.Dataset`. Its first column names the networks: ONNX
            files (looked for beside the table, then in the working directory), `module:factory`, or architecture
            strings where `space` is given or the table has a column `space` (an empty cell there means a file).
        target: The column of measured values.
        task: What they are; otherwise the known task that the column is named after, or a new one.
        direction: Whether more (`max`) or less (`min`) is better; guessed from the column's name if left out.
        space: The search space of the architecture strings.
        inputs: Input shapes of factories, see `load_factory`.
        average_duplicates: Take the mean where a name is there several times, as where several are of one network,
            which goes by the first of them.
        own: Tasks that were fitted before, by name, to whose labels those of the table are added, so that one will do;
            another predictor of this process may have tasks of the same names.
        progress: Passes on the networks while they are read, given their number; for a progress bar.

    Raises:
        InvalidTableError: The table cannot be read or learned from; the message says where and what to do.
        UnknownNameError: There is no such `space`.
        UserInputError: One of `inputs` is malformed, or they are given and no row names a factory.
    """
    if space is not None:
        spaces.get(space)
    for text in inputs:
        parse_input(text)
    rows = _check_rows(list(read_rows(data, target)), space)
    labelled, guess = (task, "") if task is not None else _task_of(target, direction, own)
    if direction not in (None, labelled.direction):
        raise InvalidTableError(
            f"task {labelled.name} has direction {labelled.direction}, but {direction} is asked for: leave the "
            "direction out, or rename the column if it is another quantity"
        )
    values = _numbers(rows, target)
    alone = labelled.name not in own or not rows
    if alone:
        check_spread(values, target)
    _check_unit(rows, values, labelled, is_cost=task is None and names_cost(target))

    folder = Path(data).parent if isinstance(data, str | Path) else None
    graphs = _graphs(rows, _read_all(rows, folder, inputs, as_trained=adds_up(labelled)), progress)
    groups = _groups(rows, graphs, average_duplicates)
    merged = f"{len(rows)} rows measure {len(groups)} different networks: the mean of equal ones is taken"
    notes = tuple(filter(None, (guess, mixed_shares(labelled, values), merged if len(groups) < len(rows) else "")))
    means = np.array([values[group].mean() for group in groups], dtype=np.float64)
    if alone:
        check_spread(means, target)
    firsts = [group[0] for group in groups]
    return LabelledNetworks(
        tuple(rows[i].name for i in firsts), tuple(graphs[i] for i in firsts), means, labelled, notes
    )


def _check_rows(found: Sequence[tuple[int, list[Any]]], space: str | None) -> list[_Row]:
    """The rows, with the space of every architecture string. Raises InvalidTableError."""
    if found and all(str(name).strip().isdecimal() for _, (name, *_) in found):
        raise InvalidTableError(
            "the first column is an index, it numbers the rows and names no network: write the table without it "
            "(pandas: to_csv with index=False)"
        )
    rows, nameless, elsewhere = [], [], []
    for number, (name, value, *rest) in found:
        told = "" if not rest or rest[0] is None else str(rest[0]).strip()
        if space is not None and told not in ("", space):
            elsewhere.append(f"row {number} {quote(told)}")
        text = os.fspath(name).strip() if isinstance(name, str | Path) else ""
        if text:
            rows.append(_Row(number, text, value, space or told))
        else:
            nameless.append(f"row {number}" if name is None else f"row {number} {quote(str(name))}")
    if nameless:
        raise InvalidTableError(
            f"the first column names no network in {some(nameless)}; it must hold ONNX files, module:factory or "
            "architecture strings"
        )
    if elsewhere:
        raise InvalidTableError(
            f"space {space} is asked for, but the column 'space' says {some(elsewhere)}; leave out one of the two"
        )
    return rows


def identity(graph: ArchGraph) -> str:
    """What equal networks have in common: the fingerprint of a graph as it is, not normalised first."""
    return graph.fingerprint() if graph.normalised else fingerprint(graph)


def _task_of(
    target: str, direction: Literal["max", "min"] | None, own: Mapping[str, Task]
) -> tuple[Task, str]:  # fmt: skip
    """The known task that a column is named after, or a new one; and what was guessed, empty if nothing was."""
    spelled = re.sub(r"[\W_]+", "-", target.lower()).strip("-")
    name = spelled[:_NAME_MOST] or "target"
    for known in (target.strip(), name):
        try:
            task = own[known] if known in own else get_task(known)
        except UnknownNameError:
            continue
        if direction and direction != task.direction and not is_shipped(task.name):
            continue  # it was guessed wrongly before
        if name != spelled and task.name == name and task.title != target:
            if known not in own:
                continue
            raise InvalidTableError(
                f"columns {quote(target)} and {quote(task.title)} would both be the task {name!r}; rename the column: "
                f"with letters, and at most {_NAME_MOST} characters"
            )
        if not is_shipped(task.name):
            better = "higher" if task.direction == "max" else "lower"
            return task, f"column {quote(target)} holds labels of your task {task.name}, {better} is better"
        unit = f" in {task.unit}" if task.unit else ""
        return task, f"column {quote(target)} is taken for the known task {task.name}: {task.metric}{unit}"
    lower = direction == "min" or (direction is None and lower_is_better(target))
    better, opposite = ("lower", "--maximise") if lower else ("higher", "--minimise")
    guess = "" if direction else f"{better} {printable(target)} is taken to be better; say {opposite} otherwise"
    task = Task(
        name=name, title=target, modality="other", metric=target, direction="min" if lower else "max",
        description=f"{target}, as measured by the user; {better} is better.",
    )  # fmt: skip
    return task, guess


def _numbers(rows: Sequence[_Row], target: str) -> NDArray[np.float64]:
    """float64 [N], the target column. Raises InvalidTableError unless all are numbers that can be fitted."""
    numbers, strange, empty, infinite, large = [], [], [], [], []
    for row in rows:
        number = _number(row.value)
        if number is None:
            strange.append(f"row {row.number} {quote(str(row.value))}")
        elif math.isnan(number):
            empty.append(f"row {row.number}")
        elif math.isinf(number):
            infinite.append(f"row {row.number}")
        elif abs(number) > LARGEST:
            large.append(f"row {row.number}")
        numbers.append(number or 0.0)
    kinds = (
        ("no number", strange), ("nothing (empty or NaN)", empty), ("an infinite number", infinite),
        (f"a number beyond {LARGEST:g}", large),
    )  # fmt: skip
    if wrong := [f"{kind} in {some(where)}" for kind, where in kinds if where]:
        raise InvalidTableError(
            f"column {quote(target)} holds {'; '.join(wrong)}: write plain numbers such as 93.5 (with a decimal point, "
            "without a unit; 1 and 0 for yes and no), or remove these rows"
        )
    return np.array(numbers, dtype=np.float64)


def _number(value: Any) -> float | None:
    """The number in a cell: NaN where the cell is empty, `None` where it holds something else."""
    if value is None:
        return math.nan
    if isinstance(value, str):
        value = value.strip()
        if value.lower() in _EMPTY:
            return math.nan
        return float(value) if _NUMBER.fullmatch(value) else None
    if isinstance(value, bool) or not isinstance(value, int | float | np.integer | np.floating | Decimal):
        return None
    try:
        return float(value)
    except OverflowError:
        return math.inf


def check_spread(values: NDArray[np.float64], target: str) -> None:
    """Raises InvalidTableError where there are too few values, or only one."""
    if len(values) < LEAST:
        raise InvalidTableError(f"the table has {len(values)} networks; at least {LEAST} are needed: measure more")
    if values.min() == values.max():
        raise InvalidTableError(
            f"column {quote(target)} is {values[0]:g} for all {len(values)} networks, so there is nothing to learn; "
            "choose another column"
        )
    if (spread := values.max() - values.min()) < LEAST_SPREAD:
        raise InvalidTableError(
            f"the values of column {quote(target)} differ by {spread:g} at most, and {LEAST_SPREAD:g} is the least: "
            "write them in a smaller unit"
        )


def _check_unit(rows: Sequence[_Row], values: NDArray[np.float64], task: Task, is_cost: bool) -> None:
    """Raises InvalidTableError where values cannot be in the unit of the task, or are costs below zero."""

    def refuse(wrong: NDArray[np.bool_], rule: str) -> None:
        if wrong.any():
            where = some([f"row {rows[i].number} ({values[i]:g})" for i in np.flatnonzero(wrong).tolist()])
            raise InvalidTableError(f"{rule}; not so in {where}: measure again, or remove these rows")

    if task.unit == "%":
        refuse((values < 0) | (values > 100), f"{task.name} is in %, from 0 to 100")
        if values.max() <= 1:
            raise InvalidTableError(
                f"{task.name} is in %, but all values are between 0 and 1: they look like shares, multiply by 100"
            )
    if task.direction == "min" and (is_cost or has_cost_unit(task)):
        unit = f" (in {task.unit})" if task.unit else ""
        refuse(values <= 0, f"{printable(task.name)}{unit} is a cost, above 0")


def _graphs(rows: Sequence[_Row], read: Iterable[Read], progress: Progress | None) -> list[ArchGraph]:
    """The network of every row. Raises InvalidTableError with what is wrong with those that cannot be read."""
    graphs, failed = [], []
    for row, graph in zip(rows, read if progress is None else progress(read, len(rows)), strict=True):
        if isinstance(graph, UserInputError):
            failed.append(f"{row}: {printable(str(graph))[:SHOWN_REASON]}")
        else:
            graphs.append(graph.renamed(row.name))
    if failed:
        raise InvalidTableError(
            f"{len(failed)} of {len(rows)} networks cannot be read: {some(failed, joiner='; ')}. Mend or remove these "
            "rows; architecture strings need the name of their space"
        )
    return graphs


def _read_all(
    rows: Sequence[_Row], folder: Path | None, inputs: Sequence[str], *, as_trained: bool
) -> Iterator[Read]:  # fmt: skip
    files = [None if row.space else _find_file(row.name, folder) for row in rows]
    others = (row.name for row, file in zip(rows, files, strict=True) if file is None and not row.space)
    if inputs and not any(map(names_factory, others)):
        raise UserInputError(
            f"input shapes {', '.join(inputs)} are given, but no row names a module:factory; ONNX files and "
            "architecture strings have shapes of their own: leave the input shapes out"
        )
    read = read_many(file for file in files if file is not None)
    for row, file in zip(rows, files, strict=True):
        try:
            if file is not None:
                yield next(read)
            elif row.space:
                yield from_space(row.space, row.name, as_trained=as_trained)
            elif names_factory(row.name):
                yield load_factory(row.name, inputs)
            else:
                yield MalformedModelError("there is no such file")
        except UserInputError as error:
            yield error


def _find_file(name: str, folder: Path | None) -> Path | None:
    places = [Path(name)] if folder is None else [folder / name, Path(name)]
    return next((place for place in places if os.path.exists(place)), None)  # False for a NUL, unlike Path.exists


def _groups(rows: Sequence[_Row], graphs: Sequence[ArchGraph], average: bool) -> list[list[int]]:
    """Positions of equal networks, in the order of their firsts.

    Raises InvalidTableError where one name is there twice, unless they may be equal; several names of one network are
    several measurements of it.
    """
    by_identity: defaultdict[str, list[int]] = defaultdict(list)
    for i, graph in enumerate(graphs):
        by_identity[identity(graph)].append(i)
    groups = list(by_identity.values())
    if not average and (equal := [_equal_rows(rows, group) for group in groups if _is_repeated(rows, group)]):
        raise InvalidTableError(
            f"a network is there more than once under one name: {some(equal, joiner='; ')}. Remove all but one, or say "
            "--average-duplicates (average_duplicates=True) to take their mean"
        )
    return groups


def _is_repeated(rows: Sequence[_Row], group: Sequence[int]) -> bool:
    return len({rows[i].name for i in group}) < len(group)


def _equal_rows(rows: Sequence[_Row], group: Sequence[int]) -> str:
    return f"rows {some([str(rows[i].number) for i in group])} ({quote(rows[group[0]].name)})"
