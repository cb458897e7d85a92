"""Parameter counts of real networks, read from files, against those of the modules they were exported from."""

from __future__ import annotations

import re
from collections import defaultdict
from pathlib import Path

import pandas as pd
import pytest
import zstandard

from onnx_bench.errors import UserInputError
from onnx_bench.node import Graph
from onnx_bench.normalise import normalise
from onnx_bench.reader import read_graph

TOLERANCE = 0.005
MIN_SHARE = 0.85

BIAS_TABLE = "the exporter expanded small tables of relative position biases into one value per pair of positions"
ROTATION = "rotary position tables, which are no parameters, were written into the file as tensors for each block"
EXCEPTIONS = {
    r"beit(v2)?_base": BIAS_TABLE,
    r"coatn(e|ex)t_": BIAS_TABLE,
    r"maxx?vit": BIAS_TABLE,
    r"swinv2_": BIAS_TABLE,
    r"tiny_vit_": BIAS_TABLE,
    r"coat_": "layers share modules (positional encodings, the MLPs of parallel scales), which count once per use here",
    r"eva02_": ROTATION,
    r"vit_.*_rope_": ROTATION,
    r"vit_base_patch16_224_miil": "the file has 11,221 classes, the recorded count is that of 1,000",
    r"efficientformerv2_": "layer scale after a convolution is part of its weights",
}


def effective(graph: Graph) -> int:
    """Parameters per use, and one more per channel where a batch norm left a bias (it had a scale and a shift)."""
    biased = (n for n in graph.nodes if n.op in ("Conv", "ConvTranspose") and n.get("bias"))
    return sum(n.params for n in graph.nodes) + sum(n.shape[1] for n in biased if n.shape)


@pytest.mark.data
@pytest.mark.slow
def test_counts_agree_and_every_file_has_a_canonical_form(shared_data: Path) -> None:
    files = pd.read_parquet(shared_data / "timm_onnx.parquet")
    built: dict[tuple[str, int], list[float]] = defaultdict(list)  # tags of one architecture differ in their classes
    for row in pd.read_parquet(shared_data / "timm.parquet").itertuples():
        built[row.timm_base, row.img_size].append(row.params_built_M * 1e6)
    wrong: dict[str, str] = {}
    for row in files.itertuples():
        data = zstandard.ZstdDecompressor().decompress(row.onnx, max_output_size=1 << 28)
        try:
            graph = read_graph(data, trusted=True)
        except UserInputError as error:
            pytest.fail(f"{row.timm_base}: {error}")
        assert normalise(graph)[0] == Graph(graph.nodes, graph.outputs), f"{row.timm_base} has two canonical forms"
        count = effective(graph)
        errors = [count / expected - 1 for expected in built[row.timm_base, row.img_size]]
        closest = min(errors, key=abs)
        if abs(closest) > TOLERANCE:
            wrong[f"{row.timm_base} {row.img_size}"] = f"{closest:+.2%}"
    unexplained = {name: by for name, by in wrong.items() if not any(re.match(e, name) for e in EXCEPTIONS)}
    share = 1 - len(wrong) / len(files)
    print(f"\n{share:.1%} of {len(files)} files within {TOLERANCE:.1%}; exceptions:")
    for pattern, reason in EXCEPTIONS.items():
        print(f"  {reason}: {', '.join(f'{n} {by}' for n, by in wrong.items() if re.match(pattern, n))}")
    assert unexplained == {}
    assert share >= MIN_SHARE
