"""Look tasks up by name, and add one's own."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from difflib import get_close_matches
from pathlib import Path

from onnx_bench.errors import InvalidTaskError, UnknownNameError
from onnx_bench.tasks.glue import GLUE
from onnx_bench.tasks.image_classification import IMAGE_CLASSIFICATION
from onnx_bench.tasks.imagenet_variants import IMAGENET_VARIANTS
from onnx_bench.tasks.language_modelling import LANGUAGE_MODELLING
from onnx_bench.tasks.latency import LATENCY
from onnx_bench.tasks.node_classification import NODE_CLASSIFICATION
from onnx_bench.tasks.small_data import SMALL_DATA
from onnx_bench.tasks.task import Task
from onnx_bench.tasks.throughput import THROUGHPUT
from onnx_bench.tasks.transnas import TRANSNAS

_TASKS: dict[str, Task] = {
    task.name: task
    for family in (
        IMAGE_CLASSIFICATION, IMAGENET_VARIANTS, SMALL_DATA, TRANSNAS, NODE_CLASSIFICATION, GLUE, LANGUAGE_MODELLING,
        LATENCY, THROUGHPUT,
    )
    for task in family
}  # fmt: skip
_SHIPPED = frozenset(_TASKS)
_TELLING = 2
"""Letters from which on a part of a name says which is meant."""


def is_shipped(name: str) -> bool:
    """Whether a task comes with archlm, and is not one's own."""
    return name in _SHIPPED


def list_tasks() -> tuple[Task, ...]:
    """Every known task, related ones side by side, registered ones last."""
    return tuple(_TASKS.values())


def get_task(name: str) -> Task:
    """The task called `name`.

    Raises:
        UnknownNameError: No task has that name; the message offers the closest ones.
    """
    if name in _TASKS:
        return _TASKS[name]
    raise unknown_task(name, _TASKS)


def unknown_task(name: str, known: Collection[str], these: str = "known tasks:") -> UnknownNameError:
    """That none of the `known` tasks is called `name`, with the closest of them, or all after the words `these`."""
    # `class_scene` means `transnas/class_scene` to a person, so last parts are offered too.
    spellings: dict[str, list[str]] = {}
    for one in known:
        for spelling in {one, one.rpartition("/")[2]}:
            spellings.setdefault(spelling, []).append(one)
    close = _containing(name, spellings) or get_close_matches(name.lower(), spellings, n=5, cutoff=0.6)
    offers = dict.fromkeys(one for match in close for one in spellings[match])
    hint = f"did you mean {' or '.join(offers)}?" if offers else f"{these} {', '.join(known)}"
    return UnknownNameError(f"no task is called {name!r}; {hint}")


def _containing(name: str, spellings: Iterable[str]) -> list[str]:
    """Those that a part of a long name is meant for, as `latency/rtx4090`."""
    part = name.lower().rpartition("/")[2]
    part = part.removeprefix("rtx").strip(" _-") or part
    return [spelling for spelling in spellings if part in spelling] if len(part) >= _TELLING else []


def register_task(task: Task) -> Task:
    """Make a task of one's own known to `get_task` and `list_tasks` of this process, and return it.

    Of one's own tasks with a name the latest counts.

    Raises:
        InvalidTaskError: A value is of another type than `Task` says, or a task that comes with archlm has this name.
    """
    Task.from_dict(task.to_dict(), f"task {task.name!r}")
    if not task.name or task.name.strip("/ ") != task.name:
        raise InvalidTaskError(f"task {task.name!r}: a name needs letters, and no space or slash at its ends")
    if is_shipped(task.name) and _TASKS[task.name] != task:
        raise InvalidTaskError(f"another task is called {task.name!r} already; choose another name")
    _TASKS[task.name] = task
    return task


def load_task(path: str | Path) -> Task:
    """Read a task from a YAML file (see `Task.from_yaml`) and register it.

    Raises:
        InvalidTaskError: The file describes no task, or a task that comes with archlm has its name.
    """
    return register_task(Task.from_yaml(path))
