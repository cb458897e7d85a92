"""`Scope`: the tensors that a graph or subgraph sees."""

from __future__ import annotations

from onnx_bench.importing.tensor import Tensor


class Scope(dict[str, Tensor]):
    """Tensors by name; names that a subgraph does not define are looked up around it."""

    def __init__(self, parent: Scope | None = None) -> None:
        super().__init__()
        self.parent = parent

    def __missing__(self, name: str) -> Tensor:
        if self.parent is None:
            raise KeyError(name)
        return self.parent[name]

    def find(self, name: str) -> Tensor | None:
        """The tensor called `name`, if there is one."""
        try:
            return self[name]
        except KeyError:
            return None
