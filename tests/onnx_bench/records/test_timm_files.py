"""Results of timm: the published CSV files, and the tables with stored graphs."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import zstandard

from onnx_bench.errors import MalformedRecordsError, MissingRecordsError
from onnx_bench.records import Measurement, get_source
from onnx_bench.records.tables import TIMM, torchvision_arch

ACCURACY, BENCHMARK = get_source("timm_accuracy"), get_source("timm_benchmark")
GRAPHS, REST = get_source("timm_graphs"), get_source("timm_table")

HEADER = "model,img_size,top1,top1_err,top5,top5_err,param_count,crop_pct,interpolation"
RESULTS = f"{HEADER}\nresnet18.a1_in1k,288,73.156,26.844,91.026,8.974,11.69,1.000,bicubic\n"
OLD_RESULTS = (
    "model,top1,top1_err,top5,top5_err,param_count,img_size,cropt_pct,interpolation,top1_diff\n"
    "resnet18,69.744,30.256,89.082,10.918,11.69,224,0.875,bilinear,-27.856\n"
)
RATES = (
    "model,infer_samples_per_sec,infer_step_time,infer_batch_size,infer_img_size,infer_gmacs,infer_macts,param_count\n"
    "resnet18,8000.0,32.0,256,224,1.82,2.48,11.69\n"
)


def test_accuracies_are_of_the_images_that_the_file_is_named_after(tmp_path: Path) -> None:
    (tmp_path / "results-imagenet.csv").write_text(RESULTS)
    (tmp_path / "results-imagenet-a.csv").write_text(OLD_RESULTS)
    first, second = ([*ACCURACY.read(file)] for file in reversed(ACCURACY.find(tmp_path)))
    assert [(e.arch, *e.measurements) for e in first] == [
        ("resnet18@288", Measurement("imagenet-1k", 73.156, "validation", None, 1, "top1; model resnet18.a1_in1k"))
    ]
    assert [(e.arch, *e.measurements) for e in second] == [
        ("resnet18@224", Measurement("imagenet-a", 69.744, "test", None, 1, "top1; model resnet18"))
    ]


@pytest.mark.parametrize(
    ("file", "task"),
    [("amp-nchw-pt240-cu124-rtx4090-dynamo", "amp_nchw_pt240_cu124_rtx4090_dynamo"),
     ("amp_bf16-nchw-pt291-cu130-pro6000maxq-dynamo", "amp_bf16_nchw_pt291_cu130_pro6000maxq_dynamo"),
     ("fp32-nchw-pt221-cpu-i9_10940x-dynamo", "fp32_nchw_pt221_cpu_i9_10940x_dynamo")],
)  # fmt: skip
def test_a_rate_becomes_milliseconds_for_an_image(file: str, task: str, tmp_path: Path) -> None:
    (tmp_path / f"benchmark-infer-{file}.csv").write_text(RATES)
    [path] = BENCHMARK.find(tmp_path)
    [entry] = BENCHMARK.read(path)
    note = "1000 / infer_samples_per_sec; model resnet18"
    assert entry.arch == "resnet18@224"
    assert entry.measurements == (Measurement(f"latency/timm_{task}", 0.125, "none", None, 1, note),)


def test_training_benchmarks_and_unknown_devices_are_not_taken_for_known_ones(tmp_path: Path) -> None:
    for name in (
        "benchmark-train-amp-nchw-pt112-cu113-rtx3090.csv",
        "benchmark-infer-amp-nchw-pt110-cu113-rtx3090.csv",
    ):
        (tmp_path / name).write_text(RATES)
        assert BENCHMARK.find(tmp_path) == []
        with pytest.raises(MalformedRecordsError, match="its name is of no known device"):
            list(BENCHMARK.read(tmp_path / name))
    (tmp_path / "results-mine.csv").write_text(RESULTS)
    with pytest.raises(MalformedRecordsError, match="say what they score by their names"):
        list(ACCURACY.read(tmp_path / "results-mine.csv"))


@pytest.mark.parametrize(
    ("data", "message"),
    [(b"", "lacks the columns model, top1, img_size; it has $"),
     (b"<html>", "lacks the columns model, top1, img_size; it has <html>"),
     (b"model,top1\nx,1\n", "lacks the columns img_size"),
     (f"{HEADER}\nresnet18,288\n".encode(), "line 2: it ends early"),
     (RESULTS.replace("73.156", "high").encode(), "line 2: top1 is 'high', expected a number"),
     (RESULTS.replace("73.156", "nan").encode(), "line 2: top1 is 'nan'"),
     (RESULTS.replace("288", "1e400").encode(), "line 2: img_size is '1e400'"),
     (RESULTS.encode() + b"\xff\xfe", "cannot be read as CSV"),
     (RESULTS.encode() + b'"' + b"x" * 200_000, "cannot be read as CSV")],
)  # fmt: skip
def test_a_damaged_file_is_an_error(data: bytes, message: str, tmp_path: Path) -> None:
    file = tmp_path / "results-imagenet.csv"
    file.write_bytes(data)
    with pytest.raises(MalformedRecordsError, match=message):
        list(ACCURACY.read(file))


def write_tables(folder: Path, graphs: dict[str, bytes]) -> Path:
    """A table of measurements of three weights of two networks, and one of graphs by `name@size`."""
    rows = {name: [1.5, 2.5, None] for name in TIMM.used()} | {
        "timm_base": ["resnet18", "resnet18", "vit"], "img_size": [224, 224, 384],
        "model": ["resnet18.a", "resnet18.b", "vit.c"], "pretrain_class_heuristic": ["in1k_supervised", "extra", "x"],
        "params_built_M": [11.689512, 11.689512, 86.0],
    }  # fmt: skip
    pq.write_table(pa.table(rows), folder / "timm.parquet")
    keys = [name.split("@") for name in graphs]
    stored = {"timm_base": [k[0] for k in keys], "img_size": [int(k[1]) for k in keys], "onnx": list(graphs.values())}
    pq.write_table(pa.table(stored), folder / "timm_onnx.parquet")
    return folder


def test_a_graph_comes_with_the_measurements_of_all_its_weights(tmp_path: Path) -> None:
    graphs = {"resnet18@224": zstandard.compress(b"a model"), "bit@448": zstandard.compress(b"another")}
    first, second = GRAPHS.read(write_tables(tmp_path, graphs) / "timm_onnx.parquet")
    assert (first.arch, first.onnx, first.params) == ("resnet18@224", b"a model", 11_689_512)
    assert len(first.measurements) == 2 * len(TIMM.columns)
    top1 = [m for m in first.measurements if m.task == "imagenet-1k"]
    assert [(m.value, m.note) for m in top1] == [
        (1.5, "imagenet1k_val_top1_acc; model resnet18.a; pretrain_class_heuristic in1k_supervised"),
        (2.5, "imagenet1k_val_top1_acc; model resnet18.b; pretrain_class_heuristic extra"),
    ]
    assert (second.arch, second.onnx, second.measurements, second.params) == ("bit@448", b"another", (), None)


def test_weights_with_a_graph_are_given_once(tmp_path: Path) -> None:
    folder = write_tables(tmp_path, {"resnet18@224": zstandard.compress(b"a model")})
    assert [entry.arch for entry in REST.read(folder / "timm.parquet")] == ["vit@384"]
    (folder / "timm_onnx.parquet").unlink()
    assert [entry.arch for entry in REST.read(folder / "timm.parquet")] == ["resnet18@224", "resnet18@224", "vit@384"]


def test_graphs_without_measurements_beside_them_are_an_error(tmp_path: Path) -> None:
    folder = write_tables(tmp_path, {"resnet18@224": zstandard.compress(b"a model")})
    (folder / "timm.parquet").unlink()
    with pytest.raises(MissingRecordsError, match=r"needs the measurements of .*timm\.parquet"):
        list(GRAPHS.read(folder / "timm_onnx.parquet"))


@pytest.mark.parametrize("stored", [b"", b"not zstandard", zstandard.compress(b"x" * 1000)[:-9], None])
def test_a_damaged_graph_is_an_error(stored: bytes, tmp_path: Path) -> None:
    folder = write_tables(tmp_path, {"resnet18@224": stored})
    with pytest.raises(MalformedRecordsError, match="the graph of resnet18@224 cannot be decompressed"):
        list(GRAPHS.read(folder / "timm_onnx.parquet"))


@pytest.mark.parametrize("claims", [True, False])
def test_a_graph_that_decompresses_to_too_much_is_refused(
    claims: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("onnx_bench.records.timm_graphs.MAX_ONNX_BYTES", 1 << 16)
    bomb = zstandard.ZstdCompressor(write_content_size=claims).compress(bytes(1 << 20))
    assert len(bomb) < 200
    folder = write_tables(tmp_path, {"resnet18@224": bomb})
    with pytest.raises(MalformedRecordsError, match="the graph of resnet18@224 cannot be decompressed"):
        list(GRAPHS.read(folder / "timm_onnx.parquet"))


def test_a_graph_of_a_stream_has_no_stated_size_and_is_read(tmp_path: Path) -> None:
    stored = zstandard.ZstdCompressor(write_content_size=False).compress(b"a model")
    [entry] = GRAPHS.read(write_tables(tmp_path, {"resnet18@224": stored}) / "timm_onnx.parquet")
    assert entry.onnx == b"a model"


def test_what_lies_beside_a_table_decides_its_entries(tmp_path: Path) -> None:
    folder = write_tables(tmp_path, {"resnet18@224": zstandard.compress(b"a model")})
    graphs, measurements = folder / "timm_onnx.parquet", folder / "timm.parquet"
    assert GRAPHS.inputs(graphs) == [graphs, measurements] and REST.inputs(measurements) == [measurements, graphs]
    graphs.unlink()
    assert REST.inputs(measurements) == [measurements] and ACCURACY.inputs(graphs) == [graphs]


@pytest.mark.parametrize(
    ("builder", "transform", "arch"),
    [("vit_b_16", "{'crop_size': 384, 'resize_size': 384}", "vit_b_16@384"), ("resnet18", None, "resnet18"),
     ("quantized_resnet50", "{'crop_size': 224}", "resnet50@224"), ("raft_small", "{}", "raft_small")],
)  # fmt: skip
def test_weights_of_torchvision_are_of_a_network_and_a_size(builder: str, transform: str | None, arch: str) -> None:
    assert torchvision_arch(builder, transform) == arch
