"""The head scores every architecture on every task, each pair as if it were alone."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from encoders.task_descriptor import SIZE, describe_many
from encoders.task_head import TaskHead
from onnx_bench.tasks import get_task

WIDTH = 12
NAMES = ("cifar10", "transnas/class_scene", "glue/cola")


@pytest.fixture
def head() -> TaskHead:
    torch.set_num_threads(1)
    torch.manual_seed(0)
    found = TaskHead(WIDTH, hidden=16)
    with torch.no_grad():
        for parameter in found.parameters():
            parameter.mul_(3.0)  # weights as large as trained ones, so that the task is heard
    return found


@pytest.fixture
def tasks() -> Tensor:
    return torch.from_numpy(describe_many([get_task(name) for name in NAMES]))


@pytest.fixture
def embedding() -> Tensor:
    return torch.randn(5, WIDTH, generator=torch.Generator().manual_seed(1))


@pytest.mark.parametrize(("graphs", "tasks"), [(1, 1), (5, 1), (1, 3), (5, 3), (0, 2)])
def test_a_score_for_every_pair(head: TaskHead, graphs: int, tasks: int) -> None:
    assert head(torch.zeros(graphs, WIDTH), torch.zeros(tasks, SIZE)).shape == (graphs, tasks)


def test_together_as_alone(head: TaskHead, embedding: Tensor, tasks: Tensor) -> None:
    together = head(embedding, tasks)
    torch.testing.assert_close(together, torch.cat([head(embedding, task[None]) for task in tasks], dim=1))
    torch.testing.assert_close(together, torch.cat([head(one[None], tasks) for one in embedding]))


def test_the_task_changes_more_than_the_level(head: TaskHead, embedding: Tensor, tasks: Tensor) -> None:
    """FiLM scales as well as shifts: even read in a straight line, tasks may rank architectures differently."""
    head.score = torch.nn.Sequential(torch.nn.Linear(16, 1))
    gaps = head(embedding, tasks).diff(dim=0)
    assert (gaps[:, 0] - gaps[:, 2]).abs().max() > 1e-2


def test_gradient_reaches_every_parameter(head: TaskHead, embedding: Tensor, tasks: Tensor) -> None:
    head(embedding, tasks).square().sum().backward()
    assert [n for n, p in head.named_parameters() if p.grad is None or not p.grad.any()] == []
