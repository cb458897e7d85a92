"""The spaces of other packages' models: with stand-ins for the packages, without them, and with the real ones."""

from __future__ import annotations

import json
import random
import sys
import warnings
from importlib import metadata
from pathlib import Path
from typing import Any

import pytest

from onnx_bench import spaces
from onnx_bench.errors import MissingExtraError, UnknownNameError, UnsupportedGraphError
from onnx_bench.extras import import_extra
from onnx_bench.spaces.zoo import ZooSpace
from tests.onnx_bench.spaces import fake_zoo
from tests.onnx_bench.spaces.cases import ZOO
from tests.onnx_bench.spaces.test_mobile_spaces import KNOWN

Zoo = spaces.SearchSpace[Any]


@pytest.fixture
def timm(monkeypatch: pytest.MonkeyPatch) -> Zoo:
    monkeypatch.setitem(sys.modules, "timm", fake_zoo.timm())
    return spaces.get("timm")


@pytest.fixture
def torchvision(monkeypatch: pytest.MonkeyPatch) -> Zoo:
    for name, module in fake_zoo.torchvision().items():
        monkeypatch.setitem(sys.modules, name, module)
    return spaces.get("torchvision")


@pytest.fixture(params=ZOO)
def zoo(request: pytest.FixtureRequest) -> Zoo:
    space: Zoo = request.getfixturevalue(request.param)
    return space


def real(package: str) -> Zoo:
    """The space of the real package, or a skip that says why there is none."""
    try:
        import_extra(package, "zoo")
    except MissingExtraError as error:
        pytest.skip(str(error))
    return spaces.get(package)


def test_both_forms_of_every_model(zoo: Zoo) -> None:
    assert isinstance(zoo, ZooSpace)
    for arch in zoo.models():
        trained, canonical = zoo.build(arch, normalised=False), zoo.build(arch)
        assert canonical.name == trained.name == f"{zoo.name}:{arch}"
        assert canonical.normalised and not trained.normalised
        assert trained.fingerprint() == canonical.fingerprint()
        assert trained.params == trained.stored_params == canonical.stored_params >= canonical.params
        assert canonical.nodes[canonical.outputs[0]].shape == (1, 1000)


def test_a_model_is_the_network_of_the_package(timm: Zoo) -> None:
    graph = timm.build("convy_wide@20")
    assert [node.op for node in graph.nodes] == ["Input", "Conv", "Relu", "ReduceMean", "Linear"]
    assert graph.params == 6 * (27 + 1) + 1000 * (6 + 1)
    assert graph.stored_params == 6 * 27 + 2 * 6 + 1000 * (6 + 1)


def test_the_size_is_the_usual_one_or_the_one_asked_for(timm: Zoo, torchvision: Zoo) -> None:
    usual = {arch: timm.build(arch).nodes[0].shape for arch in ("convy_tiny", "convy_wide", "vit_mini")}
    assert usual == {"convy_tiny": (1, 3, 40, 40), "convy_wide": (1, 3, 224, 224), "vit_mini": (1, 3, 32, 32)}
    assert torchvision.build("convy_large").nodes[0].shape == (1, 3, 48, 48)
    for space in (timm, torchvision):
        for arch in (f"{space.sample(random.Random(0))}@64", "vit_mini@64"):
            assert space.build(arch).nodes[0].shape == (1, 3, 64, 64)
        assert space.build("vit_mini@64").params - space.build("vit_mini@32").params == (64 - 16) * 8


def test_samples_size_and_neighbours(timm: Zoo, torchvision: Zoo) -> None:
    rng = random.Random(0)
    assert {timm.sample(rng) for _ in range(50)} == {"convy_tiny", "convy_wide", "vit_mini"}
    assert {torchvision.sample(rng) for _ in range(50)} == {"convy_small", "convy_large", "vit_mini"}
    assert timm.size() == torchvision.size() == 3
    assert list(timm.architectures()) == ["convy_tiny", "convy_wide", "vit_mini"]
    assert timm.neighbours("convy_tiny") == ["convy_wide"]
    assert timm.neighbours("convy_wide@64") == ["convy_tiny@64"]
    assert torchvision.neighbours("vit_mini") == []


@pytest.mark.parametrize("arch", ["", "@32", "convy", "vit_mini@0", "vit_mini@", "vit_mini@32@32", "vit_mini@99999",
                                  "vit_mini ", "finder", "hf-hub:someone/model"])  # fmt: skip
def test_a_name_that_the_package_does_not_list(zoo: Zoo, arch: str) -> None:
    with pytest.raises(UnknownNameError, match=f"no architecture of {zoo.name}: found .*expected"):
        zoo.build(arch)


def test_a_wrong_name_is_answered_with_close_ones(timm: Zoo) -> None:
    with pytest.raises(UnknownNameError, match=r"one of 3, e\.g\. convy_tiny"):
        timm.parse("convytiny")


def test_an_unknown_task(zoo: Zoo) -> None:
    with pytest.raises(UnknownNameError, match="imagenet-1k"):
        zoo.build("vit_mini", task="chess")


def test_a_size_that_the_model_cannot_have(torchvision: Zoo, timm: Zoo) -> None:
    with pytest.raises(UnsupportedGraphError, match="1x3x2x2"):
        timm.build("convy_tiny@2")
    with pytest.raises(UnsupportedGraphError, match="1x3x7x7"):
        torchvision.build("vit_mini@7")


def test_a_package_that_fails_to_make_a_model(timm: Zoo, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys.modules["timm"], "create_model", lambda *args, **kwargs: 1 / 0)
    with pytest.raises(UnsupportedGraphError, match="timm does not make convy_tiny for images of 40 pixels: ZeroDivis"):
        timm.build("convy_tiny")


@pytest.mark.parametrize("package", ZOO)
def test_without_the_package_the_extra_is_named(package: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (package, f"{package}.models"):
        monkeypatch.setitem(sys.modules, module, None)
    space = spaces.get(package)
    assert space.skeleton() == {} and space.head().outputs == 1000
    for call in (space.size, lambda: space.sample(random.Random(0)), lambda: space.parse("resnet18"),
                 lambda: space.neighbours("resnet18"), lambda: space.build("resnet18")):  # fmt: skip
        with pytest.raises(MissingExtraError, match=r"pip install 'archlm\[zoo\]'") as caught:
            call()
        assert caught.value.extra == "zoo" and package in str(caught.value)


@pytest.mark.parametrize("package", ZOO)
def test_versions_tell_what_is_installed_without_importing_it(package: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def version(name: str) -> str:
        if name == package:
            raise metadata.PackageNotFoundError(name)
        return "2.13.0+cpu"

    real = spaces.get(package)
    assert isinstance(real, ZooSpace)
    for module in ZOO:
        monkeypatch.setitem(sys.modules, module, None)
    assert real.versions()["torch"] == metadata.version("torch")
    monkeypatch.setattr(metadata, "version", version)
    others = {"timm": ("torch", "torchvision"), "torchvision": ("torch",)}[package]
    assert real.versions() == {package: "absent"} | dict.fromkeys(others, "2.13.0+cpu")


def test_a_package_that_is_broken_counts_as_missing_and_says_why(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "broken_package.py").write_text("raise RuntimeError('operator torchvision::nms does not exist')")
    monkeypatch.syspath_prepend(str(tmp_path))
    with pytest.raises(MissingExtraError, match="RuntimeError: operator torchvision::nms does not exist"):
        import_extra("broken_package", "zoo")


def test_the_error_survives_the_way_between_processes() -> None:
    error = MissingExtraError("zoo", "timm cannot be imported")
    kind, arguments = error.__reduce__()[:2]  # what a pool of processes sends
    assert str(kind(*arguments)) == str(error)


MODELS = [("torchvision", "resnet18", 11_689_512), ("torchvision", "googlenet", 6_624_904),
          ("torchvision", "vit_b_16", 86_567_656), ("timm", "resnet18", 11_689_512),
          ("timm", "efficientnet_b0", 5_288_548), ("timm", "vit_tiny_patch16_224", 5_717_416)]  # fmt: skip


@pytest.mark.parametrize(("package", "model", "params"), MODELS)
def test_real_models_have_their_published_parameters(package: str, model: str, params: int) -> None:
    space = real(package)
    trained, canonical = space.build(model, normalised=False), space.build(model)
    assert trained.params == trained.stored_params == params
    assert trained.fingerprint() == canonical.fingerprint()


@pytest.mark.parametrize("package", ZOO)
def test_random_real_models_build(package: str) -> None:
    space, rng = real(package), random.Random(0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of the packages
        for arch in (space.sample(rng) for _ in range(3)):
            assert arch not in space.neighbours(arch)
            assert space.build(arch).nodes[0].shape is not None


@pytest.mark.parametrize("model", ["mobilenetv2_100", "fbnetc_100"])
def test_timms_models_equal_those_of_the_spaces_that_hold_them(model: str) -> None:
    name, skeleton, arch, _ = KNOWN[model]
    drawn = spaces.get(name, **skeleton).build(json.dumps(arch), task="imagenet-1k")
    assert real("timm").build(model).fingerprint() == drawn.fingerprint()
