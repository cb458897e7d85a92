"""Collections of real networks that another package builds: exported in memory and read like any other file."""

from __future__ import annotations

import random
import re
from abc import abstractmethod
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from importlib import metadata
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple

from onnx_bench.errors import UnsupportedGraphError
from onnx_bench.extras import import_extra
from onnx_bench.graph import ArchGraph
from onnx_bench.spaces.base import Head, SearchSpace

if TYPE_CHECKING:
    import torch

EXTRA = "zoo"
ABSENT = "absent"
_EXPORTED_WITH = ("torch", "torchvision")
"""What a graph depends on beside the space's package: PyTorch exports it, and timm imports torchvision too."""
_ARCH = re.compile(r"([^@]+)(?:@([1-9]\d{0,3}))?")


class ZooModel(NamedTuple):
    """Name of a model, and the side of its input in pixels; `None` for the one it was trained with."""

    name: str
    size: int | None


def arch_string(model: ZooModel) -> str:
    """`name`, or `name@size`."""
    return model.name if model.size is None else f"{model.name}@{model.size}"


@dataclass(frozen=True)
class ZooSpace(SearchSpace[ZooModel]):
    """The image classifiers of a package, each with 1,000 outputs and without trained weights.

    An architecture is the name of a model, for images of the size it is usually trained with, or `name@size`. The
    package is imported when it is needed; without it every method but `head` and `skeleton` raises `MissingExtraError`.

    `stored_params` is the package's own count. `params` of the network as trained is the same but for parts that only
    training uses, such as auxiliary heads.
    """

    package: ClassVar[str]
    tasks: ClassVar[Mapping[str, Head]] = {"imagenet-1k": Head((1, 3, 224, 224), 1000)}
    default_task: ClassVar[str] = "imagenet-1k"

    @abstractmethod
    def models(self) -> list[str]:
        """Names of the models."""

    @abstractmethod
    def builder(self, name: str) -> Callable[..., torch.nn.Module]:
        """The function that makes a model."""

    @abstractmethod
    def usual_size(self, name: str) -> int:
        """Side of the images a model is usually trained with."""

    @abstractmethod
    def create(self, name: str, size: int, outputs: int) -> torch.nn.Module:
        """A model for images of this size, with random weights."""

    def versions(self) -> dict[str, str]:
        """Installed version of every package that decides a graph, or `ABSENT`; nothing is imported for it."""
        return {name: _version(name) for name in sorted({self.package, *_EXPORTED_WITH})}

    def imported(self, module: str | None = None) -> Any:
        """The package, or a module of it.

        Raises:
            MissingExtraError: It is not installed.
        """
        return import_extra(module or self.package, EXTRA)

    def parse(self, arch: str) -> ZooModel:
        names, match = self.models(), _ARCH.fullmatch(arch)
        if match is None:
            raise self.bad(arch, "another form", "the name of a model, or name@size with a size in pixels")
        if match[1] not in names:
            close = get_close_matches(match[1], names, n=3) or names[:3]
            raise self.bad(arch, f"no such model in {self.package}", f"one of {len(names)}, e.g. {', '.join(close)}")
        return ZooModel(match[1], int(match[2]) if match[2] else None)

    def sample(self, rng: random.Random) -> str:
        return rng.choice(self.models())

    def neighbours(self, arch: str) -> list[str]:
        """The other models of the same module, which is to say family, for images of the same size."""
        model = self.parse(arch)
        family = self.builder(model.name).__module__
        return [
            arch_string(model._replace(name=other))
            for other in self.models()
            if other != model.name and self.builder(other).__module__ == family
        ]

    def size(self) -> int:
        """Number of models, each counted with one size."""
        return len(self.models())

    def architectures(self) -> Iterator[str]:
        return iter(self.models())

    def build(self, arch: str, *, task: str | None = None, normalised: bool = True) -> ArchGraph:
        """Like `SearchSpace.build`.

        Raises:
            UnsupportedGraphError: The package does not make this model for images of this size, or PyTorch cannot
                export it.
            MissingExtraError: The package is not installed.
        """
        model, head = self.parse(arch), self.head(task)
        size = self.usual_size(model.name) if model.size is None else model.size
        import torch  # here, so that a bad name is answered at once

        from onnx_bench.torch_export import read_module

        try:
            module = self.create(model.name, size, head.outputs)
        except Exception as error:  # the package may raise anything
            found = f"{type(error).__name__}: {error}"
            raise UnsupportedGraphError(
                f"{self.package} does not make {model.name} for images of {size} pixels: {found}"
            ) from error
        image = torch.zeros(*head.input[:2], size, size)
        return read_module(module, [image], normalised=normalised).renamed(f"{self.name}:{arch}")


def _version(package: str) -> str:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return ABSENT
