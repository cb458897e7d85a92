"""`SearchSpace`: what every search space offers; `DrawnSpace`: one whose networks are drawn; `Head`: a task's ends."""

from __future__ import annotations

import random
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from typing import ClassVar, Generic, TypeVar

from onnx_bench.errors import UnknownNameError
from onnx_bench.graph import ArchGraph
from onnx_bench.node import Shape
from onnx_bench.normalise import NO_PATH
from onnx_bench.ops import make_node
from onnx_bench.spaces.drawing import Drawing

Parsed = TypeVar("Parsed")


@dataclass(frozen=True)
class Head:
    """The ends of a network that a task decides.

    Attributes:
        input: Shape of the network's input with batch 1.
        outputs: Size of the last axis of the output; 0 where the graph is the backbone alone.
        dtype: Elements of the input: `float`, or `int` for tokens.
        more_inputs: Shapes of the float inputs after the first, such as the adjacency of a message-passing network.
    """

    input: Shape
    outputs: int
    dtype: str = "float"
    more_inputs: tuple[Shape, ...] = ()


class SearchSpace(ABC, Generic[Parsed]):
    """A set of architectures, each named by a string, and how every one becomes a whole network.

    Subclasses are frozen dataclasses whose fields are the macro skeleton (widths, repetitions), so
    `NASBench201(stem_channels=32)` is the same set of cells in a wider network.

    Attributes:
        name: Key in `onnx_bench.spaces.get`.
        title: One line for a listing.
        reference: The paper.
        tasks: Heads by task name. A name such as `transnas/jigsaw` is also known by its last part.
        default_task: The task that decides fingerprints and splits.
    """

    name: ClassVar[str]
    title: ClassVar[str]
    reference: ClassVar[str]
    tasks: ClassVar[Mapping[str, Head]]
    default_task: ClassVar[str]

    @abstractmethod
    def parse(self, arch: str) -> Parsed:
        """Read an architecture string.

        Raises:
            UnknownNameError: It is not of this space; the message says what was found and what is expected.
        """

    @abstractmethod
    def sample(self, rng: random.Random) -> str:
        """A random architecture; the only source of randomness is `rng`."""

    @abstractmethod
    def neighbours(self, arch: str) -> list[str]:
        """All architectures one edit away from `arch`, without repetition and without `arch` itself."""

    @abstractmethod
    def size(self) -> int | None:
        """Number of architectures; `None` where there is no end of them."""

    def architectures(self) -> Iterator[str]:
        """Every architecture, in a fixed order, where the space is small enough to list.

        Raises:
            UnknownNameError: It is not.
        """
        raise UnknownNameError(f"the architectures of {self.name} cannot be listed; draw some with `sample`")

    @abstractmethod
    def build(self, arch: str, *, task: str | None = None, normalised: bool = True) -> ArchGraph:
        """The network of `arch` as a graph.

        Args:
            arch: Architecture string of this space.
            task: One of `tasks`, decides input and head; `default_task` if left out.
            normalised: The canonical form, drawn directly: batch norms folded, dead branches pruned. The order of its
                nodes is the drawing's; `onnx_bench.canonical_order` brings them into the one order of all equal graphs.
                A network without a path from input to output is its classifier on zeros, with a warning.
                With `False` the network as it was trained; its `params` is the count the benchmark records.

        Raises:
            UnknownNameError: `arch` or `task` is not of this space.
        """

    def head(self, task: str | None = None) -> Head:
        """The head of `task`, by full name or by the part after the slash.

        Raises:
            UnknownNameError: The space has no such task.
        """
        wanted = task or self.default_task
        for name, head in self.tasks.items():
            if wanted in (name, name.rpartition("/")[2]):
                return head
        raise UnknownNameError(f"space {self.name} has no task {wanted!r}; it has {', '.join(self.tasks)}")

    def skeleton(self) -> dict[str, object]:
        """The macro skeleton: the constructor arguments of this space."""
        return {f.name: getattr(self, f.name) for f in fields(self)}  # type: ignore[arg-type]

    def bad(self, arch: str, found: str, expected: str) -> UnknownNameError:
        """The error to raise for an architecture string that is not of this space."""
        shown = arch if len(arch) <= 120 else arch[:117] + "..."
        return UnknownNameError(f"{shown!r} is no architecture of {self.name}: found {found}, expected {expected}")


class DrawnSpace(SearchSpace[Parsed]):
    """A space whose networks are drawn with a `Drawing`, in either form by the same description."""

    @abstractmethod
    def draw_backbone(self, pen: Drawing, parsed: Parsed, head: Head) -> int:
        """Draw everything from the input to what the head reads, and return its position."""

    @abstractmethod
    def draw_head(self, pen: Drawing, x: int, head: Head) -> int:
        """Draw the head on `x` and return the position of the output."""

    def build(self, arch: str, *, task: str | None = None, normalised: bool = True) -> ArchGraph:
        head = self.head(task)
        parsed = self.parse(arch)
        pen = Drawing(folded=normalised)
        x = self.draw_backbone(pen, parsed, head)
        graph = pen.build(self.draw_head(pen, x, head))
        if normalised and not pen.settled:
            return self.build(arch, task=task, normalised=False).normalise()
        if normalised and not pen.connected:
            return _head_alone(self.build(arch, task=task, normalised=False))
        stored = pen.total_params + pen.lost_params
        return ArchGraph(graph.nodes, graph.outputs, f"{self.name}:{arch}", (), normalised, stored)


def _head_alone(trained: ArchGraph) -> ArchGraph:
    """The canonical form of a network that ignores its input: its last linear layer, if it ends in one, on zeros."""
    output = trained.nodes[trained.outputs[0]]
    features = trained.nodes[output.inputs[0]] if output.op == "Linear" else output
    zeros = make_node("Constant", (), (), features.shape, value=(0.0,))
    nodes = [trained.nodes[trained.inputs[0]], zeros]
    if output.op == "Linear":
        nodes.append(output._replace(inputs=(1,)))
    return ArchGraph(tuple(nodes), (len(nodes) - 1,), trained.name, (NO_PATH,), True, trained.params)
