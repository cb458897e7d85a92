"""The networks of one space encoded for every member: features, arrays and text; cached under `runs/`."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rich.progress import track

from encoders import features, operator_ids, tensors, text
from encoders.graph_batch import GraphBatch
from onnx_bench import spaces
from onnx_bench.arrays import Floats
from onnx_bench.graph import ArchGraph
from onnx_bench.reader import read_graph

ROOT = Path(__file__).resolve().parent.parent
CACHE = ROOT / "runs" / "encoded"
CHUNK = 250
_VERSION = 1
"""Goes up when the text form or the layout of the cache changes."""


@dataclass(frozen=True)
class Encoded:
    """B networks, of which G are distinct by fingerprint.

    Attributes:
        fingerprints: [B].
        features: [B, F].
        sizes: [B, 2] effective parameters and MACs.
        place: [B] which of the distinct networks each one is.
        graphs: The G distinct ones as arrays.
        texts: The G distinct ones as text.
    """

    fingerprints: NDArray[np.str_]
    features: Floats
    sizes: Floats
    place: NDArray[np.int64]
    graphs: GraphBatch
    texts: tuple[str, ...]

    def take(self, chosen: NDArray[np.bool_]) -> Encoded:
        """The networks that a mask chooses. Shapes: [B]."""
        kept, place = np.unique(self.place[chosen], return_inverse=True)
        texts = tuple(self.texts[k] for k in kept)
        return Encoded(
            self.fingerprints[chosen], self.features[chosen], self.sizes[chosen], place, self.graphs.take(kept), texts
        )


_Part = tuple[list[str], Floats, list[tuple[int, int]], list[str], GraphBatch, list[str]]


def _encode(graphs: list[ArchGraph]) -> _Part:
    graphs = [g.normalise() for g in graphs]
    distinct = {g.fingerprint(): g for g in reversed(graphs)}
    return (
        [g.fingerprint() for g in graphs], features.compute_many(graphs), [(g.params, g.macs) for g in graphs],
        list(distinct), GraphBatch.of([tensors.to_arrays(g) for g in distinct.values()]),
        [text.encode(g) for g in distinct.values()],
    )  # fmt: skip


def _encode_built(space: str, task: str | None, archs: list[str]) -> _Part:
    return _encode([spaces.get(space).build(arch, task=task) for arch in archs])


def _encode_files(files: list[bytes]) -> _Part:
    return _encode([read_graph(unpacked(file), trusted=True) for file in files])


def unpacked(file: bytes) -> bytes:
    """What was compressed by zstd."""
    import zstandard

    return zstandard.ZstdDecompressor().decompress(file, max_output_size=1 << 30)


def encode_space(
    space: str, archs: Sequence[str], *, task: str | None = None, files: Sequence[bytes] | None = None,
    workers: int = 2,
) -> Encoded:  # fmt: skip
    """Encode networks, or take them from the cache.

    Args:
        space: Name of the space.
        archs: [B] descriptions; with `files` only names.
        task: Decides the head; the space's default task if left out.
        files: [B] ONNX files, zstd-compressed, that are read instead of building `archs`.
        workers: Processes.
    """
    versions = [features.NAMES, features.VERSION, tensors.FEATURES, operator_ids.VERSION, _VERSION]
    about = [space, list(archs), *versions, *([] if task is None else [task])]
    key = hashlib.sha256(json.dumps(about).encode()).hexdigest()[:16]
    cache = CACHE / f"{space}-{key}.npz"
    if not cache.is_file():
        if files is None:
            parts = _run(partial(_encode_built, space, task), list(archs), CHUNK, workers, space)
        else:
            parts = _run(_encode_files, list(files), 10, workers, space)
        _store(cache, _merge(parts))
    return _load(cache)


def joined(parts: Sequence[Encoded]) -> Encoded:
    """All networks of several, one after the other."""
    return _merge([
        (p.fingerprints.tolist(), p.features, [(int(params), int(macs)) for params, macs in p.sizes],
         p.fingerprints[np.unique(p.place, return_index=True)[1]].tolist(), p.graphs, list(p.texts))
        for p in parts
    ])  # fmt: skip


def _run(
    encode: Callable[[list[Any]], _Part], items: list[Any], size: int, workers: int, label: str
) -> list[_Part]:
    jobs = [items[start : start + size] for start in range(0, len(items), size)]
    with ProcessPoolExecutor(workers) as pool:
        return list(track(pool.map(encode, jobs), f"encoding {label}", total=len(jobs)))


def _merge(parts: list[_Part]) -> Encoded:
    prints = [f for part in parts for f in part[0]]
    place: dict[str, int] = {}
    kept, texts = [], []
    for part in parts:
        fresh = [i for i, f in enumerate(part[3]) if f not in place]
        place |= {part[3][i]: len(place) + n for n, i in enumerate(fresh)}
        kept.append(part[4].take(np.array(fresh, np.int64)))
        texts += [part[5][i] for i in fresh]
    return Encoded(
        np.array(prints), np.concatenate([p[1] for p in parts]), np.array([s for p in parts for s in p[2]], float),
        np.array([place[f] for f in prints]), GraphBatch.join(kept), tuple(texts),
    )  # fmt: skip


_GRAPH = ("x_op", "x_num", "producers", "readers", "node_ends", "edge_ends")
_SEPARATOR = "\0"


def _store(path: Path, encoded: Encoded) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_suffix(".part.npz")
    arrays: dict[str, Any] = {name: _narrow(getattr(encoded.graphs, name)) for name in _GRAPH}
    np.savez_compressed(
        draft, fingerprints=encoded.fingerprints, features=encoded.features, sizes=encoded.sizes, place=encoded.place,
        texts=np.frombuffer(_SEPARATOR.join(encoded.texts).encode(), np.uint8), **arrays,
    )  # fmt: skip
    draft.rename(path)


def _narrow(values: NDArray[Any]) -> NDArray[Any]:
    return values.astype(np.float16 if values.dtype == np.float32 else np.int32)


def _load(path: Path) -> Encoded:
    with np.load(path, allow_pickle=False) as stored:
        x_num = stored["x_num"].astype(np.float32)
        graphs = GraphBatch(*(x_num if n == "x_num" else stored[n].astype(np.int64) for n in _GRAPH))
        texts = tuple(stored["texts"].tobytes().decode().split(_SEPARATOR))
        return Encoded(stored["fingerprints"], stored["features"], stored["sizes"], stored["place"], graphs, texts)

