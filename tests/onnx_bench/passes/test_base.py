"""How passes are run, and what every pass must look like."""

from __future__ import annotations

import importlib
import pkgutil
import re

import pytest

import onnx_bench.passes
from onnx_bench.draft import Draft, DraftNode
from onnx_bench.errors import MalformedModelError, UnsupportedGraphError
from onnx_bench.passes.base import Alternation, Fixpoint, Pass, Sequential, on
from tests.onnx_bench.passes.drafts import Sketch, ops

MODULES = [m.name for m in pkgutil.iter_modules(onnx_bench.passes.__path__)]


class ReluToTanh(Pass):
    """1. Relu is Tanh."""

    @on("Relu")
    def rewrite(self, draft: Draft, node: DraftNode) -> bool:
        draft.become(node, "Tanh")
        return True


class TanhToRelu(Pass):
    """1. Tanh is Relu."""

    @on("Tanh")
    def rewrite(self, draft: Draft, node: DraftNode) -> bool:
        draft.become(node, "Relu")
        return True


class Grow(Pass):
    """1. There is always one more Relu."""

    @on("Relu")
    def rewrite(self, draft: Draft, node: DraftNode) -> bool:
        draft.set_inputs(node, [draft.add("Relu", node.inputs, node.shape)])
        return True


class Stumble(Pass):
    """1. Fails."""

    @on("Tanh")
    def rewrite(self, draft: Draft, node: DraftNode) -> bool:
        raise IndexError("no such axis")


class Refuse(Pass):
    """1. Refuses."""

    def __call__(self, draft: Draft) -> bool:
        raise MalformedModelError("a broken thing")


def relu() -> Draft:
    s = Sketch()
    return s.done(s.op("Relu", s.input()))


def test_sequential_reports_change_and_runs_in_order() -> None:
    draft = relu()
    assert Sequential([ReluToTanh(), TanhToRelu()])(draft)
    assert ops(draft.freeze()) == ["Relu"]
    assert not Sequential([TanhToRelu()])(draft)


def test_a_rule_that_fails_is_named_with_those_that_had_run() -> None:
    with pytest.raises(UnsupportedGraphError, match=r"IndexError: no such axis, in pass Stumble"):
        Sequential([ReluToTanh(), Stumble()])(relu())


def test_typed_errors_keep_their_type() -> None:
    with pytest.raises(MalformedModelError, match=r"a broken thing, in pass Refuse \(after ReluToTanh\)"):
        Sequential([ReluToTanh(), Refuse()])(relu())


def test_rules_that_undo_each_other_are_an_error_not_a_hang() -> None:
    with pytest.raises(UnsupportedGraphError, match="without end"):
        Fixpoint([ReluToTanh(), TanhToRelu()])(relu())
    with pytest.raises(UnsupportedGraphError, match="did not settle"):
        Alternation(Fixpoint([ReluToTanh()]), Fixpoint([TanhToRelu()]))(relu())


def test_a_rule_that_grows_the_graph_is_stopped() -> None:
    with pytest.raises(UnsupportedGraphError, match="without end"):
        Grow()(relu())


@pytest.mark.parametrize("module", MODULES)
def test_every_pass_lists_its_rules(module: str) -> None:
    loaded = importlib.import_module(f"onnx_bench.passes.{module}")
    assert loaded.__doc__, f"{module} has no docstring"
    own = [v for v in vars(loaded).values() if isinstance(v, type) and issubclass(v, Pass) and v is not Pass]
    for each in own:
        if each.__module__ != loaded.__name__:
            continue
        expected = "".join(word.capitalize() for word in module.split("_"))
        assert each.__name__ == expected, f"pass {each.__name__} in file {module}"
        assert each.__doc__ and re.search(r"^\s*1\. ", each.__doc__, re.MULTILINE), f"{module} lists no rules"
        assert each.anchored or each.__call__ is not Pass.__call__, f"{module} has neither rules nor a __call__"
