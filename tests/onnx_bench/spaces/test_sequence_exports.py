"""Transformers and recurrent networks of independent torch models: same counts, and exports with the same fingerprint.

Images are small and vocabularies short, so that exports take little; depths and widths are those of the spaces.
"""

from __future__ import annotations

import io
import json
import random
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import onnx
import pytest
import torch
from torch import nn

from onnx_bench import spaces
from onnx_bench.errors import UnknownNameError
from onnx_bench.graph import ArchGraph
from onnx_bench.importing.importer import import_model
from onnx_bench.spaces.autoformer import AutoFormer
from onnx_bench.spaces.base import Head
from onnx_bench.spaces.bert import Bert, arch_string
from onnx_bench.spaces.pit import PiT
from onnx_bench.spaces.rnn import RNN
from tests.onnx_bench.spaces.cases import of
from tests.onnx_bench.spaces.recurrent_networks import LanguageModel
from tests.onnx_bench.spaces.transformer_networks import AutoFormerTorch, BertTorch, PiTTorch

SIZE, WORDS = 64, 90


@dataclass(frozen=True)
class SmallAutoFormer(AutoFormer):
    tasks: ClassVar[Mapping[str, Head]] = {"cifar100": Head((1, 3, SIZE, SIZE), 7)}


@dataclass(frozen=True)
class SmallPiT(PiT):
    tasks: ClassVar[Mapping[str, Head]] = {"cifar100": Head((1, 3, SIZE, SIZE), 7)}


@dataclass(frozen=True)
class SmallRNN(RNN):
    tasks: ClassVar[Mapping[str, Head]] = {"wikitext-2": Head((1, 1), WORDS, "int")}


Pair = tuple[spaces.SearchSpace[Any], str | None, nn.Module, tuple[torch.Tensor, ...]]


def pair(name: str, arch: str) -> Pair:
    """The small space of that name, a task of it, the torch model, and inputs for it."""
    image, tokens = torch.randn(1, 3, SIZE, SIZE), torch.zeros(1, 24, dtype=torch.long)
    if name == "autoformer":
        return SmallAutoFormer(), None, AutoFormerTorch(arch, 7, SIZE), (image,)
    if name == "pit":
        return SmallPiT(), None, PiTTorch(arch, 7, SIZE), (image,)
    if name == "bert":
        effective = arch_string(Bert().parse(arch))
        return Bert(words=WORDS, length=24), "mnli", BertTorch(effective, 3, WORDS), (tokens,)
    model = LanguageModel(arch, WORDS, (8, 12))
    states = [torch.randn(1, 1, width) for width in model.widths for _ in range(model.states)]
    return SmallRNN(8, 12), None, model, (torch.zeros(1, 1, dtype=torch.long), *states)


def exported(module: nn.Module, inputs: tuple[torch.Tensor, ...]) -> ArchGraph:
    file = io.BytesIO()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.onnx.export(module.eval(), inputs, file, dynamo=False, opset_version=17)
    return import_model(onnx.load_model_from_string(file.getvalue()))


def check(name: str, odd: int, number: int, seed: int) -> None:
    """Compare the first `odd` of the odd networks and `number` random ones."""
    rng = random.Random(seed)
    archs = [*of(name).ODD[:odd], *(spaces.get(name).sample(rng) for _ in range(number))]
    for arch in archs:
        space, task, module, inputs = pair(name, arch)
        drawn, graph = space.build(arch, task=task), exported(module, inputs)
        assert drawn.stored_params == sum(p.numel() for p in module.parameters()), arch
        assert drawn.fingerprint() == graph.fingerprint(), arch
        assert drawn.params == graph.normalise().params, arch


@pytest.mark.parametrize(("name", "odd", "number"), [
    ("autoformer", 0, 1), ("pit", 1, 0), ("bert", 3, 1), ("rnn", 9, 6),
])  # fmt: skip
def test_a_few_networks_equal_their_exports(name: str, odd: int, number: int) -> None:
    check(name, odd, number, seed=1)


@pytest.mark.slow
@pytest.mark.parametrize(("name", "number"), [("autoformer", 20), ("pit", 20), ("bert", 40), ("rnn", 200)])
def test_many_networks_equal_their_exports(name: str, number: int) -> None:
    check(name, 9, number, seed=2)


@pytest.mark.parametrize(("name", "model"), [("autoformer", AutoFormerTorch), ("pit", PiTTorch)])
def test_vision_transformers_of_full_size_have_as_many_parameters(name: str, model: type[nn.Module]) -> None:
    space, rng = spaces.get(name), random.Random(3)
    for task, head in space.tasks.items():
        arch = space.sample(rng)
        with torch.device("meta"):
            count = sum(p.numel() for p in model(arch, head.outputs).parameters())
        assert space.build(arch, task=task, normalised=False).params == count, (arch, task)


def test_deit_tiny_is_in_the_space() -> None:
    """DeiT-Ti (Touvron et al., ICML 2021) differs by its head alone, which reads the class token; timm's count."""
    deit = {"hidden_dim": 192, "mlp_ratio": [4.0] * 12, "depth": 12, "num_heads": [3] * 12}
    assert spaces.get("autoformer").build(json.dumps(deit), task="imagenet-1k", normalised=False).params == 5_717_416


def test_pit_tiny_is_in_the_space() -> None:
    """PiT-Ti (Heo et al., ICCV 2021). timm's card of its distilled form: 5.1 million parameters, 0.7 GMACs."""
    pit = {"base_dim": 32, "mlp_ratio": 4, "depth": [2, 6, 4], "num_heads": [2, 4, 8]}
    graph = spaces.get("pit").build(json.dumps(pit), task="imagenet-1k", normalised=False)
    distilled = graph.params + 64 + 256 * 1000 + 1000  # a second token and classifier
    assert (round(distilled / 1e6, 1), round(graph.macs / 1e9, 1)) == (5.1, 0.7)


def test_a_published_architecture_of_bert_is_read_as_what_was_trained() -> None:
    space = spaces.get("bert")
    encoder = space.parse(of("bert").PUBLISHED)
    assert encoder.hidden_size == 256
    assert [layer.ffn_dims for layer in encoder.layers] == [
        (1024, 512, 512), (1024, 1024, 1024), (1024, 512, 512), (1024,),
    ]  # fmt: skip
    assert space.build(of("bert").PUBLISHED).nodes == space.build(arch_string(encoder)).nodes


def test_bert_needs_a_position_for_each_token() -> None:
    with pytest.raises(UnknownNameError, match="513 tokens"):
        Bert(length=513)


def test_the_states_of_a_recurrent_step_are_inputs_and_outputs() -> None:
    space = SmallRNN(8, 12)
    rng = random.Random(4)
    for arch in [space.sample(rng) for _ in range(5)]:
        states = sum(name in json.loads(arch) for name in ("h_new_0", "h_new_1", "h_new_2"))
        for graph in (space.build(arch), space.build(arch, normalised=False)):
            shapes = [graph.nodes[i].shape for i in graph.outputs]
            assert shapes == [(1, 1, WORDS), *((1, 1, width) for width in (12, 12, 8) for _ in range(states))]
            assert [graph.nodes[i].shape for i in graph.inputs[1:]] == shapes[1:]
