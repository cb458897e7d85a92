"""Tasks as described objects: `get_task("cifar10")`, `list_tasks()`."""

from onnx_bench.tasks.registry import get_task, list_tasks
from onnx_bench.tasks.task import Protocol, Task

__all__ = ["Protocol", "Task", "get_task", "list_tasks"]
