"""The BERT space of the training-free NAS benchmark: width, depth, heads and feed-forward stacks of small encoders."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import product
from typing import Any, ClassVar, NamedTuple

from onnx_bench.errors import UnknownNameError
from onnx_bench.spaces.base import DrawnSpace, Head
from onnx_bench.spaces.drawing import Drawing
from onnx_bench.spaces.json_fields import read_choice, read_fields, read_list, read_object
from onnx_bench.spaces.transformer import draw_post_norm_layer, layer_norm, tokens_between

HIDDEN_SIZES, DEPTHS, NUM_HEADS = (128, 256), (2, 4), (2, 4)
FFN_DIMS = ((1024,), (1024, 512, 512), (1024, 1024, 1024))
"""Widths of the feed-forward layers before the one back to the hidden size."""
OPERATIONS = {"SA": ("SDP", "WMA"), "LT": ("DFT", "DCT"), "DSC": (5, 9)}
"""The published choice of operation and its parameter, which had no effect on the networks that were trained."""
EPSILON = 1e-12
LENGTH = 128
"""Tokens of a sequence in the fine-tuning on GLUE."""

FIELDS = ("hidden_size", "layers")
LAYER_FIELDS = ("attention", "heads", "ffn_dims")
PUBLISHED_LAYER_FIELDS = (
    "operation_type", "operation_parameter", "num_operation_heads", "feed_forward_dimension", "num_feed_forward",
)  # fmt: skip
_LABELS = {"cola": 2, "mnli": 3, "mrpc": 2, "qnli": 2, "qqp": 2, "rte": 2, "sst": 2, "sts": 1}


class Layer(NamedTuple):
    """Attention heads, and widths of the feed-forward layers."""

    heads: int
    ffn_dims: tuple[int, ...]


class Encoder(NamedTuple):
    """Width of the tokens inside the encoder, and its layers."""

    hidden_size: int
    layers: tuple[Layer, ...]


LAYERS = tuple(Layer(*choice) for choice in product(NUM_HEADS, FFN_DIMS))
"""The six layers to choose from."""


def arch_string(parsed: Encoder) -> str:
    """The JSON notation of what was trained (`arch_effective` of the records)."""
    layers = [{"attention": "SDP", "heads": heads, "ffn_dims": list(dims)} for heads, dims in parsed.layers]
    return json.dumps({"hidden_size": parsed.hidden_size, "layers": layers})


@dataclass(frozen=True)
class Bert(DrawnSpace[Encoder]):
    """Encoders of two or four post-norm layers, pretrained as ELECTRA-small and fine-tuned on the tasks of GLUE.

    Architectures are named by what was trained: `{"hidden_size": 256, "layers": [{"attention": "SDP", "heads": 4,
    "ffn_dims": [1024, 512, 512]}, ...]}`. The published notation (FlexiBERT's, `encoder_layers`) is read too; a defect
    of the published trainer made its choice of attention, Fourier transform or convolution inert, so all layers have
    scaled dot-product attention, and its first feed-forward layer is always 1,024 wide.

    The input is a sequence of tokens without padding, all of the first segment. The classifier of a GLUE task reads
    the first token; `glue/score`, the mean over the tasks, has the encoder alone.

    Args:
        words: Entries of the vocabulary.
        positions: Entries of the table of positions.
        embedding: Width of the embeddings, projected to the hidden size where that differs.
        length: Tokens of the input.

    Raises:
        UnknownNameError: `length` exceeds `positions`.
    """

    words: int = 30_522
    positions: int = 512
    embedding: int = 128
    length: int = LENGTH

    name: ClassVar[str] = "bert"
    title: ClassVar[str] = "BERT space of training-free NAS: width, heads and feed-forward stacks of encoders, GLUE"
    reference: ClassVar[str] = "Serianni and Kalita, Training-free NAS for RNNs and transformers, ACL 2023, " \
        "arXiv:2306.00288; Tuli et al., FlexiBERT, arXiv:2205.11656"  # fmt: skip
    tasks: ClassVar[Mapping[str, Head]] = {
        "glue/score": Head((1, LENGTH), 0, "int"),
        **{f"glue/{task}": Head((1, LENGTH), labels, "int") for task, labels in _LABELS.items()},
    }
    default_task: ClassVar[str] = "glue/score"

    def __post_init__(self) -> None:
        if self.length > self.positions:
            raise UnknownNameError(
                f"space {self.name}: a length of {self.length} tokens needs as many positions, found {self.positions}"
            )

    def head(self, task: str | None = None) -> Head:
        found = super().head(task)
        return Head((1, self.length), found.outputs, found.dtype)

    def parse(self, arch: str) -> Encoder:
        body = read_object(self, arch)
        published = "encoder_layers" in body
        fields = ("hidden_size", "encoder_layers") if published else FIELDS
        hidden, layers = read_fields(self, arch, body, fields)
        hidden = read_choice(self, arch, "hidden_size", hidden, HIDDEN_SIZES)
        read = self._read_published_layer if published else self._read_layer
        return Encoder(hidden, tuple(read(arch, layer) for layer in read_list(self, arch, fields[1], layers, DEPTHS)))

    def _read_layer(self, arch: str, body: Any) -> Layer:
        attention, heads, dims = read_fields(self, arch, body, LAYER_FIELDS)
        read_choice(self, arch, "attention", attention, ["SDP"])
        heads = read_choice(self, arch, "heads", heads, NUM_HEADS)
        chosen: list[int] = read_choice(self, arch, "ffn_dims", dims, [list(choice) for choice in FFN_DIMS])
        return Layer(heads, tuple(chosen))

    def _read_published_layer(self, arch: str, body: Any) -> Layer:
        operation, parameter, heads, width, number = read_fields(self, arch, body, PUBLISHED_LAYER_FIELDS)
        operation = read_choice(self, arch, "operation_type", operation, list(OPERATIONS))
        read_choice(self, arch, "operation_parameter", parameter, OPERATIONS[operation])
        heads = read_choice(self, arch, "num_operation_heads", heads, NUM_HEADS)
        width = read_choice(self, arch, "feed_forward_dimension", width, [512, 1024])
        number = read_choice(self, arch, "num_feed_forward", number, [1, 3])
        return Layer(heads, (1024,) + (width,) * (number - 1))

    def architectures(self) -> Iterator[str]:
        for hidden, depth in product(HIDDEN_SIZES, DEPTHS):
            for layers in product(LAYERS, repeat=depth):
                yield arch_string(Encoder(hidden, layers))

    def sample(self, rng: random.Random) -> str:
        hidden, depth = rng.choice(HIDDEN_SIZES), rng.choice(DEPTHS)
        return arch_string(Encoder(hidden, tuple(rng.choice(LAYERS) for _ in range(depth))))

    def neighbours(self, arch: str) -> list[str]:
        """The other hidden size, heads or feed-forward stack of one layer changed, or two layers more or fewer."""
        hidden, layers = self.parse(arch)
        found = [Encoder(other, layers) for other in HIDDEN_SIZES if other != hidden]
        for i, layer in enumerate(layers):
            for other in LAYERS:
                if sum(a != b for a, b in zip(layer, other, strict=True)) == 1:
                    found.append(Encoder(hidden, (*layers[:i], other, *layers[i + 1 :])))
        if len(layers) == max(DEPTHS):
            found.append(Encoder(hidden, layers[: min(DEPTHS)]))
        else:
            found += [Encoder(hidden, (*layers, *pair)) for pair in product(LAYERS, repeat=2)]
        return [arch_string(neighbour) for neighbour in found]

    def size(self) -> int:
        return len(HIDDEN_SIZES) * sum(len(LAYERS) ** depth for depth in DEPTHS)

    def draw_backbone(self, pen: Drawing, parsed: Encoder, head: Head) -> int:
        tokens = pen.input(head.input, head.dtype)
        words = pen.add("Embedding", tokens, entries=self.words, features=self.embedding)
        x = pen.sum([words, self._rows(pen, 2, 1), self._rows(pen, self.positions, self.length)])
        x = layer_norm(pen, x, EPSILON)
        if parsed.hidden_size != self.embedding:
            x = pen.linear(x, parsed.hidden_size)
        for heads, dims in parsed.layers:
            x = draw_post_norm_layer(pen, x, heads, dims, EPSILON)
        return x

    def _rows(self, pen: Drawing, entries: int, used: int) -> int:
        """The first `used` rows of a learned table, [1, used, embedding]; the canonical form holds these alone."""
        shape = (1, used, self.embedding)
        if pen.folded:
            pen.lost_params += (entries - used) * self.embedding
            return pen.add("Parameter", shape=shape)
        table = pen.add("Parameter", shape=(entries, self.embedding))
        return pen.add("Reshape", pen.add("Slice", table, axis=0, start=0, end=used), shape=shape)

    def draw_head(self, pen: Drawing, x: int, head: Head) -> int:
        if not head.outputs:
            return x
        first = tokens_between(pen, x, 0, 1)
        return pen.add("Reshape", pen.linear(first, head.outputs), shape=(1, head.outputs))
