"""Look tasks up by name."""

from __future__ import annotations

from difflib import get_close_matches

from onnx_bench.errors import UnknownNameError
from onnx_bench.tasks.image_classification import IMAGE_CLASSIFICATION
from onnx_bench.tasks.task import Task
from onnx_bench.tasks.transnas import TRANSNAS

_TASKS: dict[str, Task] = {task.name: task for task in (*IMAGE_CLASSIFICATION, *TRANSNAS)}


def list_tasks() -> tuple[Task, ...]:
    """Every known task, related ones side by side."""
    return tuple(_TASKS.values())


def get_task(name: str) -> Task:
    """The task called `name`.

    Raises:
        UnknownNameError: No task has that name; the message offers the closest ones.
    """
    if name in _TASKS:
        return _TASKS[name]
    # `class_scene` means `transnas/class_scene` to a person, so last parts are offered too.
    last_parts = {known.rpartition("/")[2]: known for known in _TASKS}
    close = get_close_matches(name.lower(), [*_TASKS, *last_parts], n=3, cutoff=0.6)
    offers = dict.fromkeys(last_parts.get(match, match) for match in close)
    hint = f"did you mean {' or '.join(offers)}?" if offers else f"known tasks: {', '.join(_TASKS)}"
    raise UnknownNameError(f"no task is called {name!r}; {hint}")
