from __future__ import annotations

from onnx_bench.passes.absorb_norms import AbsorbNorms
from tests.onnx_bench.passes.drafts import Sketch, applied, only, ops


def test_batch_norm_owns_scale_and_shift_and_forgets_its_epsilon() -> None:
    s = Sketch()
    held = [s.held(4) for _ in range(4)]
    graph = applied(AbsorbNorms(), s.done(s.op("BatchNormalization", s.input(), *held, epsilon=0.001)))
    norm = only(graph, "BatchNorm")
    assert norm.params == 8 and norm.get("epsilon") == 1e-5 and norm.inputs == (0,)


def test_batch_norm_of_computed_statistics_stays() -> None:
    s = Sketch()
    held = [s.held(4) for _ in range(3)]
    graph = applied(AbsorbNorms(), s.done(s.op("BatchNormalization", s.input(), *held, s.input((4,)))))
    assert ops(graph)[-1] == "BatchNormalization"


def test_layer_norm_knows_what_it_owns() -> None:
    s = Sketch()
    x = s.input((1, 5, 16))
    full = s.op("LayerNormalization", x, s.held(16), s.held(16), shape=x.shape, axis=2, epsilon=1e-6)
    bare = s.op("LayerNormalization", full, s.number(1.0, shape=(5, 16)), shape=x.shape, axis=1)
    graph = applied(AbsorbNorms(), s.done(bare))
    first, second = (n for n in graph.nodes if n.op == "LayerNorm")
    assert first.params == 32 and first.get("dims") == 1 and first.get("epsilon") == 1e-6
    assert second.params == 0 and second.get("dims") == 2


def test_group_and_instance_norm() -> None:
    s = Sketch()
    x = s.op("GroupNormalization", s.input(), s.held(4), s.held(4), num_groups=2)
    y = s.op("InstanceNormalization", x, s.held(4), s.held(4))
    graph = applied(AbsorbNorms(), s.done(y))
    assert only(graph, "GroupNorm").get("groups") == 2
    assert only(graph, "GroupNorm").params == only(graph, "InstanceNorm").params == 8
