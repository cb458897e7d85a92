"""Tasks as described objects: `get_task("cifar10")`, `list_tasks()`; users add theirs with `load_task("mine.yaml")`."""

from onnx_bench.tasks.registry import get_task, is_shipped, list_tasks, load_task, register_task, unknown_task
from onnx_bench.tasks.task import Protocol, Task

__all__ = ["Protocol", "Task", "get_task", "is_shipped", "list_tasks", "load_task", "register_task", "unknown_task"]
