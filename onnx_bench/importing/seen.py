"""`Seen`: the tensors of a file by name."""

from __future__ import annotations

from collections import ChainMap
from collections.abc import MutableMapping

from onnx_bench.importing.tensor import Tensor


class Seen(ChainMap[str, Tensor]):
    """Every tensor of a file by name; a turn of a loop that is written out has its own beside those around it."""

    def __init__(self, *maps: MutableMapping[str, Tensor]) -> None:
        super().__init__(*maps)
        self.turns: dict[tuple[str, int], Seen] = {}

    def turn(self, loop: str, number: int) -> Seen:
        """The tensors of a turn of the loop with this output."""
        return self.turns.setdefault((loop, number), Seen({}, *self.maps))

    def forget(self, loop: str) -> None:
        """The turns of a loop that is not written out after all."""
        self.turns = {key: turn for key, turn in self.turns.items() if key[0] != loop}
