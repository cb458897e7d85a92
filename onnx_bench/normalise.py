"""`normalise`: bring any graph into the canonical form."""

from __future__ import annotations

from onnx_bench.canonical_order import canonical_order
from onnx_bench.draft import Draft
from onnx_bench.node import Graph
from onnx_bench.passes.absorb_norms import AbsorbNorms
from onnx_bench.passes.absorb_recurrent import AbsorbRecurrent
from onnx_bench.passes.absorb_weights import AbsorbWeights
from onnx_bench.passes.base import Alternation, Blame, Fixpoint, Pass, Sequential
from onnx_bench.passes.canonicalise_activations import CanonicaliseActivations
from onnx_bench.passes.canonicalise_arithmetic import CanonicaliseArithmetic
from onnx_bench.passes.canonicalise_pads import CanonicalisePads
from onnx_bench.passes.canonicalise_pools import CanonicalisePools
from onnx_bench.passes.canonicalise_reductions import CanonicaliseReductions
from onnx_bench.passes.canonicalise_reshapes import CanonicaliseReshapes
from onnx_bench.passes.canonicalise_resizes import CanonicaliseResizes
from onnx_bench.passes.canonicalise_slices import CanonicaliseSlices
from onnx_bench.passes.deduplicate_nodes import DeduplicateNodes
from onnx_bench.passes.drop_idle_terms import DropIdleTerms
from onnx_bench.passes.drop_quantisation import DropQuantisation
from onnx_bench.passes.flatten_nary import FlattenNary
from onnx_bench.passes.fold_batch_norm import FoldBatchNorm
from onnx_bench.passes.fold_scalars import FoldScalars
from onnx_bench.passes.fold_sources import FoldSources
from onnx_bench.passes.fuse_patterns import FUSE_PASSES
from onnx_bench.passes.hoist_slices import HoistSlices
from onnx_bench.passes.qualify_foreign import QualifyForeign
from onnx_bench.passes.remove_no_ops import RemoveNoOps
from onnx_bench.passes.settle_transposes import SettleTransposes
from onnx_bench.passes.share_partial_sums import SharePartialSums
from onnx_bench.passes.sink_reshapes import SinkReshapes
from onnx_bench.passes.sink_transposes import SinkTransposes
from onnx_bench.passes.split_sources import SplitSources
from onnx_bench.size_limits import check_sizes

STRUCTURE: tuple[Pass, ...] = (
    RemoveNoOps(), DropQuantisation(), AbsorbWeights(), AbsorbNorms(), AbsorbRecurrent(), CanonicaliseReshapes(),
    CanonicaliseSlices(), CanonicalisePads(), CanonicalisePools(), CanonicaliseReductions(), CanonicaliseResizes(),
    CanonicaliseActivations(), CanonicaliseArithmetic(), FlattenNary(), FoldSources(), DropIdleTerms(),
    DeduplicateNodes(),
)  # fmt: skip
"""ONNX vocabulary -> canonical vocabulary, no-ops gone, equal branches shared. What the fused patterns see: Sub and Div
by constants as Add and Mul, x**2 as Mul(x, x), x**0.5 as Sqrt, scalars as `Constant`, learned tensors as `Parameter`,
n-ary Add and Mul only where the inner one had a single reader."""

FOLDS: tuple[Pass, ...] = (*FUSE_PASSES, FoldBatchNorm())
"""What stands for one operator, or is part of one; the fused patterns are tried first."""

LATE: tuple[Pass, ...] = (
    FlattenNary(learned=True), FoldScalars(), CanonicaliseReshapes(), CanonicaliseSlices(), SinkReshapes(),
    SinkTransposes(), HoistSlices(), SettleTransposes(), SharePartialSums(),
)  # fmt: skip
"""Rules that would break a pattern if they ran earlier."""

PIPELINE = Sequential([
    FoldSources(),
    Fixpoint(STRUCTURE, once=True),  # a pattern is to see equal branches as one and to be free of casts
    Alternation(Fixpoint([*FOLDS, *STRUCTURE]), Fixpoint(LATE)),
    SplitSources(),
    QualifyForeign(),
])  # fmt: skip

NO_PATH = "no path leads from the input to the output; the network is its head on a constant"
"""Warning about a network that ignores its input."""


def normalise(graph: Graph) -> tuple[Graph, tuple[str, ...]]:
    """The canonical graph of `graph`, and what had to be assumed on the way.

    Equal for isomorphic graphs: the order of nodes is canonical too (see `onnx_bench.canonical_order`).

    Raises:
        UserInputError: The graph breaks the rules of ONNX or cannot be represented; the message names the pass.
        ModelTooLargeError: The canonical graph exceeds the limits of `onnx_bench.size_limits`.
    """
    draft = Draft.from_graph(graph)
    draft.sort()
    PIPELINE(draft)
    with Blame([], "freeze"):
        frozen = draft.freeze()
        draft.dissolve()
        normal = canonical_order(frozen)
    check_sizes(normal.nodes)  # passes infer shapes that the file left open
    return normal, tuple(_warnings(normal))


def _warnings(graph: Graph) -> list[str]:
    found = []
    read = {i for node in graph.nodes for i in node.inputs} | set(graph.outputs)
    if not any(node.op == "Input" and i in read for i, node in enumerate(graph.nodes)):
        found.append(NO_PATH)
    foreign = sorted({node.op for node in graph.nodes if node.op.startswith("ai.onnx::")})
    if foreign:
        found.append(f"operators kept as unknown because their attributes or shapes are not resolved: {foreign}")
    return found
