"""Unlabelled networks of all spaces as text, with the features that cost nothing: what the text encoder reads first.

No measured value is read. Needs the benchmark records for the cells of NAS-Bench-101 and the real networks; the corpus
is cached under `runs/`.
"""

from __future__ import annotations

import hashlib
import json
import random
from collections.abc import Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from rich.progress import track

from encoders import features, text
from onnx_bench import spaces
from onnx_bench.errors import UnknownNameError
from onnx_bench.reader import read_graph
from onnx_bench.spaces.nasbench101 import from_edge_bits
from train.records import ROOT, data_folder

CACHE = ROOT / "runs" / "text_corpus"
SPACES = (
    "nasbench101", "nasbench201", "nats_size", "transnas_micro", "transnas_macro", "mnasnet", "darts", "hnasbench201",
    "ofa_mbv3", "ofa_proxyless", "ofa_resnet50", "fbnet", "autoformer", "pit", "bert", "rnn", "nasbench_graph",
    "einspace",
)  # fmt: skip
REAL = "timm"
"""The real networks, all of them in every corpus."""
_CHUNK = 100
_LISTED = 30_000
"""A space of at most so many architectures is listed rather than drawn from."""
_DRAWS = 4
"""Draws per architecture wanted, before a space counts as exhausted."""
_VERSION = 1
"""Goes up when the text form or the way of drawing changes."""

Job = tuple[str, list[Any]]


@dataclass(frozen=True)
class TextCorpus:
    """B networks, distinct by fingerprint.

    Attributes:
        spaces: [B] name of the space each comes from.
        texts: [B].
        features: [B, F] in the order of `encoders.features.NAMES`.
    """

    spaces: NDArray[np.str_]
    texts: list[str]
    features: NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.texts)

    def take(self, rows: NDArray[Any]) -> TextCorpus:
        """The networks at `rows` (positions or a mask)."""
        chosen = np.arange(len(self))[rows]
        return TextCorpus(self.spaces[chosen], [self.texts[i] for i in chosen], self.features[chosen])

    def held_out(self, share: float, seed: int) -> NDArray[np.bool_]:
        """A random `share` of every space. Shapes: [B]."""
        rng = np.random.default_rng(seed)
        mask = np.zeros(len(self), np.bool_)
        for space in np.unique(self.spaces):
            rows = rng.permutation(np.flatnonzero(self.spaces == space))
            mask[rows[: int(np.ceil(share * len(rows)))]] = True
        return mask


def load_corpus(size: int, *, seed: int = 0, data: str | None = None, workers: int = 2) -> TextCorpus:
    """About `size` networks: the same number of every space, fewer where a space is smaller. Built on first use.

    Building takes about eight milliseconds a network and worker.
    """
    described = [_VERSION, size, seed, SPACES, features.NAMES, features.VERSION]
    cache = CACHE / f"{hashlib.sha256(json.dumps(described).encode()).hexdigest()[:16]}.parquet"
    if not cache.is_file():
        jobs = list(_jobs(data_folder(data), size, seed))
        random.Random(seed).shuffle(jobs)  # some spaces are slow; the progress bar should be right
        with ProcessPoolExecutor(workers) as pool:
            parts = list(track(pool.map(_encode, jobs), "writing texts", total=len(jobs)))
        table = pd.concat(parts).drop_duplicates("fingerprint").sort_values(["space", "fingerprint"])
        cache.parent.mkdir(parents=True, exist_ok=True)
        draft = cache.with_suffix(".part")
        table.to_parquet(draft, index=False)
        draft.rename(cache)
    table = pd.read_parquet(cache)
    return TextCorpus(
        table.space.to_numpy(dtype=np.str_), table.text.tolist(), table[list(features.NAMES)].to_numpy(dtype=float)
    )


def _jobs(folder: Path, size: int, seed: int) -> Iterator[Job]:
    for space, wanted in _quotas(size).items():
        rng = random.Random(f"{space} {seed}")
        archs = _cells(folder, wanted, seed) if space == "nasbench101" else _draw(space, wanted, rng)
        for start in range(0, len(archs), _CHUNK):
            yield space, archs[start : start + _CHUNK]
    files = pd.read_parquet(folder / "timm_onnx.parquet").onnx.tolist()
    for start in range(0, len(files), 10):
        yield REAL, files[start : start + 10]


def _quotas(size: int) -> Mapping[str, int]:
    """Networks to take from each space, small spaces first, so that the large ones fill up what those lack."""
    sizes = {space: spaces.get(space).size() or size for space in SPACES}
    found: dict[str, int] = {}
    for space in sorted(SPACES, key=sizes.__getitem__):
        fair = (size - sum(found.values())) // (len(SPACES) - len(found))
        found[space] = min(fair, sizes[space])
    return found


def _cells(folder: Path, wanted: int, seed: int) -> list[str]:
    table = pd.read_parquet(folder / "nasbench101_cells.parquet").sample(wanted, random_state=seed)
    return [
        from_edge_bits(int(n), int(e), str(o))
        for n, e, o in zip(table.n_vertices, table.edge_bits, table.op_codes, strict=True)
    ]


def _draw(name: str, wanted: int, rng: random.Random) -> list[str]:
    space = spaces.get(name)
    if (space.size() or _LISTED + 1) <= _LISTED:
        try:
            listed = list(space.architectures())
            return rng.sample(listed, min(wanted, len(listed)))
        except UnknownNameError:
            pass  # small, but without a list of its own
    found: dict[str, None] = {}
    for _ in range(_DRAWS * wanted):
        found.setdefault(space.sample(rng))
        if len(found) == wanted:
            break
    return list(found)


def _encode(job: Job) -> pd.DataFrame:
    space, items = job
    if space == REAL:
        import zstandard

        plain = zstandard.ZstdDecompressor()
        graphs = [read_graph(plain.decompress(f, max_output_size=1 << 30), trusted=True) for f in items]
    else:
        graphs = [spaces.get(space).build(arch) for arch in items]
    graphs = [graph.normalise() for graph in graphs]
    table = pd.DataFrame(features.compute_many(graphs), columns=list(features.NAMES))
    return table.assign(
        space=space, fingerprint=[g.fingerprint() for g in graphs], text=[text.encode(g) for g in graphs]
    )
