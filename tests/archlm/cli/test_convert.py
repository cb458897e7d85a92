"""`archlm convert`: what is written is the network that was named."""

from __future__ import annotations

from pathlib import Path

import pytest

from onnx_bench.reader import read_graph
from onnx_bench.spaces import get
from tests.archlm.cli.conftest import Run

ARCH = "|nor_conv_3x3~0|+|nor_conv_3x3~0|none~1|+|skip_connect~0|none~1|avg_pool_3x3~2|"


@pytest.mark.parametrize("options", [(), ("--normalised",), ("--weights",)])
def test_an_onnx_file_is_the_architecture(archlm_command: Run, tmp_path: Path, options: tuple[str, ...]) -> None:
    file = tmp_path / "net.onnx"
    shown = archlm_command("convert", ARCH, "--space", "nasbench201", "--to", "onnx", "-o", file, *options)
    assert shown.exit_code == 0, shown.stderr
    assert read_graph(file).fingerprint() == get("nasbench201").build(ARCH).fingerprint()


def test_the_task_decides_the_head(archlm_command: Run, tmp_path: Path) -> None:
    file = tmp_path / "net.onnx"
    archlm_command("convert", ARCH, "--space", "nasbench201", "--task", "cifar100", "--to", "onnx", "-o", file)
    graph = read_graph(file)
    assert graph.nodes[graph.outputs[0]].shape == (1, 100)


def test_pytorch_source_is_the_network_as_it_is_trained(archlm_command: Run) -> None:
    import torch

    shown = archlm_command("convert", ARCH, "--space", "nasbench201", "--to", "pytorch")
    assert shown.exit_code == 0, shown.stderr
    names: dict[str, type[torch.nn.Module]] = {"__name__": "generated"}  # type: ignore[dict-item]
    exec(compile(shown.stdout, "generated", "exec"), names)
    network = names["Network"]()
    assert network(torch.zeros(2, 3, 32, 32)).shape == (2, 10)
    assert sum(p.numel() for p in network.parameters()) == get("nasbench201").build(ARCH, normalised=False).params


def test_a_file_can_be_converted_too(archlm_command: Run, example: Path, tmp_path: Path) -> None:
    source = tmp_path / "resnet18.py"
    shown = archlm_command("convert", example, "--to", "pytorch", "-o", source)
    assert shown.exit_code == 0 and shown.stdout == ""
    assert "class Network(nn.Module)" in source.read_text()


def test_onnx_needs_a_file(archlm_command: Run) -> None:
    shown = archlm_command("convert", ARCH, "--space", "nasbench201", "--to", "onnx")
    assert shown.exit_code == 2 and "-o" in shown.stderr


def test_what_is_no_architecture_is_an_error(archlm_command: Run) -> None:
    shown = archlm_command("convert", "|what~0|", "--space", "nasbench201", "--task", "cifar10", "--to", "pytorch")
    assert shown.exit_code == 1 and "UnknownNameError" in shown.stderr and shown.stdout == ""


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--space", "nasbench201", "--task", "cifar11"), "has no task"), (("--task", "cifar10"), "name one"),
        (("--normalised",), "name one"), (("--space", "nasbench201", "--weights"), "source holds none"),
    ],
)  # fmt: skip
def test_options_that_do_not_fit_are_mistakes(archlm_command: Run, arguments: tuple[str, ...], said: str) -> None:
    shown = archlm_command("convert", ARCH, *arguments, "--to", "pytorch")
    assert shown.exit_code == 2 and said in " ".join(shown.stderr.split()) and shown.stdout == ""


def test_a_file_that_cannot_be_written_is_an_error(archlm_command: Run, tmp_path: Path) -> None:
    shown = archlm_command("convert", ARCH, "--space", "nasbench201", "--to", "onnx", "-o", tmp_path / "no" / "x.onnx")
    assert shown.exit_code == 1 and "cannot write" in shown.stderr
