"""Benchmarks published by `torch.save` are read as plain data; nothing in them is run."""

from __future__ import annotations

import os
from collections import OrderedDict
from pathlib import Path
from typing import Any

import pytest
import torch

from onnx_bench.errors import MalformedRecordsError
from onnx_bench.records import Measurement, get_source
from onnx_bench.records.weights_only import load_plain

CELL = "|nor_conv_3x3~0|+|none~0|avg_pool_3x3~1|+|skip_connect~0|nor_conv_1x1~1|skip_connect~2|"
NO_PATH = "|none~0|+|none~0|nor_conv_3x3~1|+|none~0|skip_connect~1|skip_connect~2|"


class Evil:
    """What a hostile file holds: an object that asks to run a command when it is read."""

    def __init__(self, marker: Path) -> None:
        self.marker = marker

    def __reduce__(self) -> tuple[Any, ...]:
        return os.system, (f"touch {self.marker}",)


class TestWeightsOnly:
    def test_plain_data_comes_back(self, tmp_path: Path) -> None:
        body = {"a": [1, 2.5, "x"], ("k", 1): OrderedDict(b=torch.arange(3))}
        torch.save(body, tmp_path / "a.pth")
        read = load_plain(tmp_path / "a.pth")
        assert read["a"] == [1, 2.5, "x"] and read["k", 1]["b"].tolist() == [0, 1, 2]

    @pytest.mark.parametrize("zipped", [True, False])
    def test_code_is_not_run(self, zipped: bool, tmp_path: Path) -> None:
        marker = tmp_path / "ran"
        torch.save({"data": Evil(marker)}, tmp_path / "a.pth", _use_new_zipfile_serialization=zipped)
        with pytest.raises(MalformedRecordsError, match="holds more than tensors and plain data"):
            load_plain(tmp_path / "a.pth")
        assert not marker.exists()

    def test_a_damaged_file_is_an_error(self, tmp_path: Path) -> None:
        file = tmp_path / "a.pth"
        torch.save({"a": list(range(1000))}, file)
        whole = file.read_bytes()
        for damaged in (b"", b"PK", whole[: len(whole) // 2], b"<html>not found</html>"):
            file.write_bytes(damaged)
            with pytest.raises(MalformedRecordsError, match="is damaged, or holds more"):
                load_plain(file)


def training(epochs: int, **accuracies: float) -> dict[str, Any]:
    """A training as NAS-Bench-201 stores it: accuracies of the last epoch by `<split>@<epoch>`, and of the first."""
    last = {f"{name.replace('_', '-')}@{epochs - 1}": value for name, value in accuracies.items()}
    first = {f"{name.replace('_', '-')}@0": 1.0 for name in accuracies}
    return {"epochs": epochs, "params": 1.0, "eval_acc1es": first | last, "net_state_dict": None}


def nasbench201(full: dict[Any, Any], less: dict[Any, Any] | None = None) -> dict[str, Any]:
    info = {"full": {"arch_str": CELL, "all_results": OrderedDict(full)},
            "less": {"arch_str": CELL, "all_results": OrderedDict(less or {})}}  # fmt: skip
    return {"meta_archs": [CELL], "arch2infos": {0: info}, "evaluated_indexes": {0}}


class TestNASBench201:
    source = get_source("nasbench201_v1_1")

    def read(self, folder: Path, body: Any) -> list[Any]:
        torch.save(body, folder / "NAS-Bench-201-v1_1-096897.pth")
        return list(self.source.read(folder / "NAS-Bench-201-v1_1-096897.pth"))

    def test_seeds_are_averaged_and_counted(self, tmp_path: Path) -> None:
        full = {
            ("cifar10", 777): training(200, ori_test=90.0),
            ("cifar10", 888): training(200, ori_test=92.0),
            ("cifar10-valid", 777): training(200, x_valid=88.0, ori_test=87.0),
            ("cifar100", 777): training(200, x_valid=70.0, x_test=71.0),
            ("ImageNet16-120", 777): training(200, x_valid=40.0, x_test=41.0),
        }
        [entry] = self.read(tmp_path, nasbench201(full, {("cifar100", 777): training(12, x_valid=50.0, x_test=51.0)}))
        half = "trained on half of the training images"
        assert entry.arch == CELL
        assert entry.measurements == (
            Measurement("cifar10", 91.0, "test", 200, 2, "cifar10 ori-test@199"),
            Measurement("cifar10", 88.0, "validation", 200, 1, f"cifar10-valid x-valid@199; {half}"),
            Measurement("cifar10", 87.0, "test", 200, 1, f"cifar10-valid ori-test@199; {half}"),
            Measurement("cifar100", 71.0, "test", 200, 1, "cifar100 x-test@199"),
            Measurement("cifar100", 70.0, "validation", 200, 1, "cifar100 x-valid@199"),
            Measurement("imagenet16-120", 41.0, "test", 200, 1, "ImageNet16-120 x-test@199"),
            Measurement("imagenet16-120", 40.0, "validation", 200, 1, "ImageNet16-120 x-valid@199"),
            Measurement("cifar100", 51.0, "test", 12, 1, "cifar100 x-test@11"),
            Measurement("cifar100", 50.0, "validation", 12, 1, "cifar100 x-valid@11"),
        )

    @pytest.mark.parametrize(
        ("body", "message"),
        [([1], "expected mapping"),
         ({"data": {}}, "no 'arch2infos'; there are data"),
         ({"arch2infos": {0: {"full": {}}}}, "architecture 0: no 'arch_str'"),
         ({"arch2infos": {0: {"full": {"arch_str": "|x~0|", "all_results": {}}}}}, "is no architecture of nasbench201"),
         (nasbench201({("cifar10", 777): {"epochs": 200}}), "architecture 0, full: no 'eval_acc1es'"),
         (nasbench201({("cifar10", 777): training(200, x_test=1.0)}), "no 'ori-test@199'"),
         (nasbench201({("cifar10", 777): training(200, ori_test=float("nan"))}), "found nan, expected a finite number"),
         (nasbench201({("cifar10", i): training(i, ori_test=1.0) for i in (12, 200)}), r"for \[12, 200\] epochs"),
         (nasbench201({"cifar10": training(200)}), "found 'cifar10', expected tuple")],
    )  # fmt: skip
    def test_another_form_is_an_error_that_says_where(self, body: Any, message: str, tmp_path: Path) -> None:
        with pytest.raises(MalformedRecordsError, match=message):
            self.read(tmp_path, body)


TRANSNAS = {
    "class_scene": "top1", "class_object": "top1", "jigsaw": "top1", "room_layout": "neg_loss",
    "segmentsemantic": "acc", "normal": "ssim", "autoencoder": "ssim",
}  # fmt: skip


def transnas(**changes: Any) -> dict[str, Any]:
    tasks = {
        task: {"total_epochs": 2, "metrics": {f"valid_{metric}": [0.1, i + 0.5], f"test_{metric}": [0.2, i + 0.25]}}
        for i, (task, metric) in enumerate(TRANSNAS.items())
    }
    data = {"macro": {"64-1234-basic": tasks | changes}, "micro": {"64-41414-1_02_333": tasks | changes}}
    return {"task_list": list(TRANSNAS), "data": data}


class TestTransNAS:
    def read(self, folder: Path, body: Any, half: str = "micro") -> list[Any]:
        torch.save(body, folder / "transnas-bench_v10141024.pth")
        return list(get_source(f"transnas101_{half}").read(folder / "transnas-bench_v10141024.pth"))

    def test_each_half_gives_its_networks_with_values_of_the_last_epoch(self, tmp_path: Path) -> None:
        [micro] = self.read(tmp_path, transnas())
        [macro] = self.read(tmp_path, transnas(), "macro")
        assert (micro.arch, macro.arch) == ("64-41414-1_02_333", "64-1234-basic")
        assert micro.measurements == macro.measurements and len(micro.measurements) == 14
        last = "value of the last epoch"
        assert micro.measurements[:2] == (
            Measurement("transnas/class_scene", 0.5, "validation", 2, 1, f"valid_top1; {last}"),
            Measurement("transnas/class_scene", 0.25, "test", 2, 1, f"test_top1; {last}"),
        )
        layout = [m for m in micro.measurements if m.task == "transnas/room_layout"]
        assert [(m.value, m.note) for m in layout] == [
            (3.5, f"valid_neg_loss; {last}"),
            (3.25, f"test_neg_loss; {last}"),
        ]

    @pytest.mark.parametrize(
        ("body", "message"),
        [({}, "no 'data'"), ({"data": {"macro": {}}}, "no 'micro'; there are macro"),
         ({"data": {"micro": {"64-41414-9_99_999": {}}}}, "is no architecture of transnas_micro"),
         (transnas(jigsaw=None), "64-41414-1_02_333, jigsaw: found None, expected mapping"),
         (transnas(normal={"metrics": {}}), "normal: no 'valid_ssim'"),
         (transnas(normal={"metrics": {"valid_ssim": []}}), "normal, valid_ssim: no epochs"),
         (transnas(normal={"metrics": {"valid_ssim": [True]}}), "found True, expected a finite number")],
    )  # fmt: skip
    def test_another_form_is_an_error_that_says_where(self, body: Any, message: str, tmp_path: Path) -> None:
        with pytest.raises(MalformedRecordsError, match=message):
            self.read(tmp_path, body)


class TestHELP:
    source = get_source("help_nasbench201")

    def write(self, folder: Path, index: Any, **latencies: Any) -> Path:
        data = folder / "HELP" / "data" / "nasbench201"
        (data / "latency").mkdir(parents=True)
        torch.save(index, data / "str_arch2idx.pt")
        for device, values in latencies.items():
            torch.save(values, data / "latency" / f"{device}.pt")
        return data

    def test_latencies_are_matched_by_place(self, tmp_path: Path) -> None:
        data = self.write(tmp_path, {CELL: 1, NO_PATH: 0}, raspi4=[5.0, 7.5], gold_6226=torch.tensor([1.0, 2.0]))
        assert self.source.find(tmp_path) == [data]
        headless, cell = self.source.read(data)
        assert headless.arch == NO_PATH and headless.measurements == ()  # measured, but as a head alone
        assert cell.arch == CELL
        assert cell.measurements == (
            Measurement("latency/gold_6226", 2.0, "none", None, 1, "latency/gold_6226.pt"),
            Measurement("latency/raspi4", 7.5, "none", None, 1, "latency/raspi4.pt"),
        )

    @pytest.mark.parametrize(
        ("index", "latencies", "message"),
        [({CELL: 0}, {}, "has files of no device, expected some of 1080ti_1"),
         ({CELL: 0}, {"toaster": [1.0]}, "has files of toaster"),
         ({CELL: 0}, {"raspi4": [1.0, 2.0]}, "has 2 latencies for 1 cells"),
         ({CELL: 0}, {"raspi4": ["fast"]}, "latency 0: found 'fast', expected a finite number"),
         ({CELL: 0}, {"raspi4": 3}, "found 3, expected list"),
         ({CELL: 1}, {"raspi4": [1.0]}, "places of 1 cells are not 0 to 0"),
         ({"|x~0|": 0}, {"raspi4": [1.0]}, "is no architecture of nasbench201"),
         ([CELL], {"raspi4": [1.0]}, "expected mapping")],
    )  # fmt: skip
    def test_another_form_is_an_error(
        self, index: Any, latencies: dict[str, Any], message: str, tmp_path: Path
    ) -> None:
        with pytest.raises(MalformedRecordsError, match=message):
            list(self.source.read(self.write(tmp_path, index, **latencies)))

    def test_a_folder_without_an_index_is_an_error(self, tmp_path: Path) -> None:
        data = self.write(tmp_path, {CELL: 0}, raspi4=[1.0])
        (data / "str_arch2idx.pt").unlink()
        with pytest.raises(MalformedRecordsError, match="says which latency is of which cell"):
            list(self.source.read(data))
