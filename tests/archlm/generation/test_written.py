"""What is written of generated networks: the checker accepts it, it runs, and the source computes the same."""

from __future__ import annotations

import importlib.util
import json
import os
import re
from itertools import combinations
from pathlib import Path
from types import ModuleType

import numpy as np
import onnx
import onnxruntime
import pytest
import torch

from archlm import Condition, Generator
from archlm.generation.generated import Generated
from archlm.generation.illuminate import Illuminated
from archlm.generation.pictures import block_pictures, grid_picture
from archlm.generation.report import write_generated
from archlm.writing import at_once
from generators.draw import Settings
from generators.layouts import SPACES


def load(path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def check(one: Generated, folder: Path) -> None:
    model = one.to_onnx(weights=True)
    onnx.checker.check_model(model, full_check=True)
    plain = onnxruntime.SessionOptions()  # its rewriting of the graph once cost a network of ofa_mbv3 two digits
    plain.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    session = onnxruntime.InferenceSession(model.SerializeToString(), plain, providers=["CPUExecutionProvider"])
    rng, feeds = np.random.default_rng(0), {}
    for asked in session.get_inputs():
        shape = [size if isinstance(size, int) else 1 for size in asked.shape]
        feeds[asked.name] = (
            rng.integers(0, 100, shape) if "int" in asked.type else rng.normal(size=shape).astype(np.float32)
        )
    expected = session.run(None, feeds)[0]
    source = folder / "network.py"
    source.write_text(one.source)
    network = load(source).Network().eval()
    stored = {t.name: torch.from_numpy(onnx.numpy_helper.to_array(t).copy()) for t in model.graph.initializer}
    state = {name: stored[name].reshape(value.shape) for name, value in network.state_dict().items() if name in stored}
    network.load_state_dict(state, strict=False)
    given = [torch.from_numpy(np.asarray(value)) for value in feeds.values()]
    with torch.no_grad():
        single = network(*given).numpy()
        exact = network.double()(*(value.double() if value.is_floating_point() else value for value in given)).numpy()
    # Some deep networks with random weights blow rounding up: what single precision loses in the source, it may there.
    rounding, scale = np.abs(single - exact).max(), max(1.0, float(np.abs(expected).max()))
    assert np.abs(expected - exact).max() < 1e-4 * scale + 4 * rounding, f"{one.space} {one.arch}"
    assert rounding < 0.02 * scale, f"{one.space} {one.arch} is not determined in single precision"


@pytest.mark.parametrize("space", SPACES)
def test_files_run_and_sources_compute_the_same(generator: Generator, space: str, tmp_path: Path) -> None:
    settings = Settings(steps=5, guidance_scale=2.0, rounds=0)
    for one in generator.generate(Condition(space=space), 2, seed=3, settings=settings):
        check(one, tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize("space", SPACES)
def test_five_hundred_networks(generator: Generator, space: str, tmp_path: Path) -> None:
    settings = Settings(steps=10, guidance_scale=4.0, rounds=0)
    for one in generator.generate(Condition(space=space), 32, seed=4, settings=settings):
        check(one, tmp_path)


def test_a_folder_holds_everything(generator: Generator, tmp_path: Path) -> None:
    condition = Condition(space="nasbench201", max_params=1e6, objectives=("latency/raspi4",))
    found = generator.generate(condition, 3, settings=Settings(steps=5, rounds=0))
    write_generated(tmp_path / "out", found, condition)
    names = {path.name for path in (tmp_path / "out").iterdir()}
    assert names == {
        "01.onnx", "02.onnx", "03.onnx", "01.py", "02.py", "03.py", "networks.json", "report.md", "architectures.png",
        "trade-off-latency-raspi4.png", "trade-off-params.png",
    }  # fmt: skip
    page = (tmp_path / "out" / "report.md").read_text()
    assert "hypervolume" in page and "params <= 1M" in page and found[0].arch in page.replace(r"\|", "|")
    rows = [line for line in page.splitlines() if line.startswith("|")]
    assert len(rows) == 5 and len({len(re.findall(r"(?<!\\)\|", row)) for row in rows}) == 1, "bars of cells end none"
    mine = tmp_path / "out" / "04.onnx"
    mine.write_text("not of an answer")
    write_generated(tmp_path / "out", found[:2], Condition(space="nasbench201", max_params=1e6))
    assert {path.name for path in (tmp_path / "out").iterdir()} == names - {
        "03.onnx", "03.py", "trade-off-latency-raspi4.png"
    } | {"04.onnx"}, "an earlier answer is replaced, other files stay"  # fmt: skip

    before = {path.name: path.read_bytes() for path in (tmp_path / "out").iterdir()}

    def interrupt(step: str) -> None:
        if step == "drawing":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_generated(tmp_path / "out", found, condition, progress=interrupt)
    after = {path.name: path.read_bytes() for path in (tmp_path / "out").iterdir()}
    assert after == before, "an answer that was interrupted leaves the earlier one as it was"


def test_an_interrupt_while_files_are_moved_leaves_all_of_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("old", "both", "list"):
        (tmp_path / name).write_text("earlier")
    replace, number = os.replace, iter(range(9))

    def interrupted(old: Path, new: Path) -> None:
        replace(old, new)
        if next(number) == 1:
            raise KeyboardInterrupt

    monkeypatch.setattr("os.replace", interrupted)
    with pytest.raises(KeyboardInterrupt), at_once(tmp_path, last="list", replaced=["old", "both"]) as draft:
        for name in ("both", "list", "new"):
            (draft / name).write_text("later")
    found = {path.name: path.read_text() for path in tmp_path.iterdir()}
    assert found == dict.fromkeys(("both", "list", "new"), "later")


def test_a_grid_has_a_picture(tmp_path: Path) -> None:
    archs = ["|none~0|+|none~0|none~1|+|nor_conv_1x1~0|none~1|none~2|",
             "|none~0|+|none~0|none~1|+|nor_conv_3x3~0|none~1|none~2|"]  # fmt: skip
    answers = [{"task": "cifar10", "mean": mean, "q05": 80.0, "q95": 95.0, "in_distribution": 1.0}
               for mean in (88.0, 92.0)]  # fmt: skip
    found = [Generated("nasbench201", arch, None, answer, {"params": cost, "latency/raspi4": 9.0}, {})
             for arch, answer, cost in zip(archs, answers, (1e5, 3e5), strict=True)]  # fmt: skip
    edges = {"params": np.geomspace(5e4, 8e5, 5), "latency/raspi4": np.linspace(5, 13, 5)}
    grid = Illuminated(found, [(1, 2), (2, 2)], edges)
    write_generated(tmp_path, found, Condition(space="nasbench201"), grid=grid)
    page = (tmp_path / "report.md").read_text()
    assert "16 cells of a grid over params and latency/raspi4" in page and "for 14 nothing was found" in page
    assert "(grid.png)" in page and "(trade-off-latency-raspi4.png)" in page and (tmp_path / "grid.png").is_file()
    listed = json.loads((tmp_path / "networks.json").read_text())["grid"]
    assert listed["cells"] == [[1, 2], [2, 2]] and listed["axes"][0]["edges"] == edges["params"].tolist()
    assert [axis["name"] for axis in listed["axes"]] == ["params", "latency/raspi4"]
    axes, bar = grid_picture(grid).axes
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("params", "latency/raspi4 (ms)")
    assert axes.xaxis.get_major_formatter()(2e5) == "200k" and axes.get_xscale() == "log"
    assert bar.get_ylabel() == "predicted cifar10 (%)"
    values = np.ma.asarray(axes.collections[0].get_array()).filled(np.nan)
    assert values[2, 1] == 88 and values[2, 2] == 92 and np.isnan(values).sum() == 14
    write_generated(tmp_path, found, Condition(space="nasbench201"))
    assert not (tmp_path / "grid.png").exists(), "it was of an earlier answer"


def test_titles_and_labels_can_be_read() -> None:
    normal = "('sep_conv_3x3', 0), ('sep_conv_5x5', 1), ('sep_conv_5x5', 0), ('sep_conv_3x3', 1), ('sep_conv_5x5', 1), "
    normal += "('sep_conv_5x5', 2), ('sep_conv_3x3', 2), ('dil_conv_5x5', 3)"
    reduce = "('skip_connect', 0), ('sep_conv_3x3', 1), ('skip_connect', 0), ('sep_conv_3x3', 1), ('sep_conv_5x5', 1), "
    reduce += "('sep_conv_5x5', 2), ('sep_conv_3x3', 0), ('dil_conv_3x3', 2)"
    ends = "concat=[2, 3, 4, 5]"
    arch = f"Genotype(normal=[{normal}], normal_{ends}, reduce=[{reduce}], reduce_{ends})"
    figure = block_pictures([Generated("darts", arch, None, {"mean": 1.0}, {}, {})])
    figure.draw_without_rendering()
    axes = figure.axes[0]
    assert axes.title.get_window_extent().y1 <= figure.bbox.y1, "the title is inside the picture"
    row = [text.get_window_extent() for text in axes.texts if "conv" in text.get_text()]
    assert len(row) == 14
    assert not any(a.overlaps(b) for a, b in combinations(row, 2)), "no label lies on another"
