"""`module:factory`: networks that are Python code."""

from __future__ import annotations

from pathlib import Path

import pytest

from archlm.factory import load_factory, parse_input
from onnx_bench.errors import UnknownNameError, UnsupportedGraphError, UserInputError

SOURCE = """
import torch
from torch import nn

class Net(nn.Module):
    def __init__(self, width=8):
        super().__init__()
        self.body = nn.Sequential(nn.Conv2d(3, width, 3), nn.ReLU(), nn.Flatten(), nn.LazyLinear(5))
    def forward(self, x):
        return self.body(x)

class Two(nn.Module):
    def __init__(self):
        super().__init__()
        self.words = nn.Embedding(10, 4)
    def forward(self, tokens, x):
        return self.words(tokens).sum(1) + x

class House:
    make = Two
ready = nn.Linear(3, 2)
def small(): return nn.Sequential(nn.Conv2d(3, 4, 3, bias=False), nn.Flatten())
def broken(): raise RuntimeError("no weights here")
def number(): return 3
def leaves(): raise SystemExit(0)
"""


@pytest.fixture(autouse=True)
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> str:
    """A working directory with a module of networks; modules of one name would be one module, so each has its own."""
    name = f"networks_{abs(hash(request.node.name))}"
    (tmp_path / f"{name}.py").write_text(SOURCE)
    monkeypatch.chdir(tmp_path)
    return name


def test_a_factory_is_called(project: str) -> None:
    graph = load_factory(f"{project}:small", ["1x3x6x6"])
    assert (graph.params, graph.nodes[graph.outputs[0]].shape) == (3 * 4 * 9, (1, 64))


def test_a_ready_network_is_taken_as_it_is(project: str) -> None:
    assert load_factory(f"{project}:ready", ["1x3"]).params == 3 * 2 + 2


def test_several_inputs_of_several_types_and_dotted_names(project: str) -> None:
    graph = load_factory(f"{project}:House.make", ["1x7:int64", "1x4"])
    assert len(graph.inputs) == 2 and graph.params == 40


@pytest.mark.parametrize(
    ("factory", "error", "message"),
    [("nothing", UnknownNameError, "has no 'nothing'"), ("broken", UnsupportedGraphError, "no weights here"),
     ("leaves", UnsupportedGraphError, "SystemExit"), ("number", UnsupportedGraphError, "returned int"),
     ("small", UnsupportedGraphError, "with input 1x4x6x6")],
)  # fmt: skip
def test_what_goes_wrong_is_said(project: str, factory: str, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        load_factory(f"{project}:{factory}", ["1x4x6x6"])


def test_a_missing_module_is_said(project: str) -> None:
    with pytest.raises(UnknownNameError, match="cannot import 'no_such_module'"):
        load_factory("no_such_module:net")


def test_a_file_in_the_place_of_its_module_is_explained(project: str) -> None:
    with pytest.raises(UnknownNameError, match=f"name the module, not its file: {project}:build"):
        load_factory(f"{project}.py:build")


def test_a_script_that_exits_is_said(project: str, tmp_path: Path) -> None:
    (tmp_path / "script.py").write_text("import sys\nsys.exit(0)\n")
    with pytest.raises(UnknownNameError, match=r"cannot import 'script' .*SystemExit"):
        load_factory("script:net")


def test_an_input_larger_than_memory_is_said(project: str) -> None:
    with pytest.raises(UserInputError, match="9999999x9999999 float32 does not fit into memory"):
        load_factory(f"{project}:ready", ["9999999x9999999"])


def test_a_module_hidden_by_our_own_packages_is_explained(project: str, tmp_path: Path) -> None:
    (tmp_path / "encoders").mkdir()
    (tmp_path / "uses_own.py").write_text("from encoders.mine import Net\n")
    with pytest.raises(UnknownNameError, match="archlm's own package 'encoders' hides yours"):
        load_factory("uses_own:Net")


@pytest.mark.parametrize("text", ["", "3x", "1x0x3", "1x3:float16", "axb", "1,3", "-1x3", "99999999"])
def test_malformed_shapes_are_refused(text: str) -> None:
    with pytest.raises(UserInputError, match="no input shape"):
        parse_input(text)


def test_shapes() -> None:
    assert parse_input("1x3x224x224") == ((1, 3, 224, 224), "float32")
    assert parse_input("1x128:int64") == ((1, 128), "int64")
