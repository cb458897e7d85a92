"""Latencies of HELP as published: `latency/<device>.pt`, a list of milliseconds, beside `str_arch2idx.pt`.

Source: HayeonLee/HELP, `loader.py`; the folder `data/nasbench201` of the repository.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from onnx_bench.errors import MalformedRecordsError, UnknownNameError
from onnx_bench.records.plain import mapping, number, of_kind
from onnx_bench.records.source import Entry, Measurement, Source
from onnx_bench.records.weights_only import load_plain
from onnx_bench.spaces.edge_cell import live_edges
from onnx_bench.spaces.nasbench201 import NASBench201, arch_string
from onnx_bench.tasks.latency import HELP_DEVICES

_SPACE = NASBench201()
_INDEX = "str_arch2idx.pt"


def read_help(folder: Path) -> Iterator[Entry]:
    """One entry for each cell of NAS-Bench-201, with its latency on every device that the folder has.

    A cell without a path from input to output has no latencies: what was measured is its head alone.

    Raises:
        MalformedRecordsError: A file is missing, damaged, of another form, or of a device that has no task.
    """
    places = _places(folder / _INDEX)
    tables = {path.stem: _latencies(path, len(places)) for path in sorted((folder / "latency").glob("*.pt"))}
    if not tables or not tables.keys() <= HELP_DEVICES.keys():
        raise MalformedRecordsError(
            f"{folder / 'latency'} has files of {', '.join(tables) or 'no device'}, expected some of "
            f"{', '.join(HELP_DEVICES)}"
        )
    for arch, place in places.items():
        measurements = tuple(
            Measurement(f"latency/{device}", values[place], "none", None, 1, f"latency/{device}.pt")
            for device, values in tables.items()
        )
        yield Entry(arch, measurements if any(live_edges(_SPACE.parse(arch), "none")) else ())


def _places(path: Path) -> dict[str, int]:
    """Every cell with its place in the lists of latencies, in the order of the places."""
    if not path.is_file():
        raise MalformedRecordsError(f"{path} is not there; it says which latency is of which cell")
    index = mapping(load_plain(path), str(path))
    try:
        places = {arch_string(_SPACE.parse(of_kind(arch, str, str(path)))): place for arch, place in index.items()}
    except UnknownNameError as error:
        raise MalformedRecordsError(f"{path}: {error}") from error
    if sorted(int(number(place, str(path))) for place in places.values()) != list(range(len(index))):
        raise MalformedRecordsError(f"{path}: the places of {len(index)} cells are not 0 to {len(index) - 1}")
    return dict(sorted(places.items(), key=lambda item: item[1]))


def _latencies(path: Path, cells: int) -> list[float]:
    values = load_plain(path)
    listed = values.tolist() if hasattr(values, "tolist") else of_kind(values, list, str(path))
    if len(listed) != cells:
        raise MalformedRecordsError(f"{path} has {len(listed)} latencies for {cells} cells")
    return [number(value, f"{path}: latency {i}") for i, value in enumerate(listed)]


HELP_SOURCE = Source(
    "help_nasbench201", "latencies of the cells of NAS-Bench-201 on up to 27 devices", "nasbench201",
    ("HELP*/data/nasbench201",), 4_000_000, "https://github.com/HayeonLee/HELP", "MIT",
    "Lee et al., HELP, NeurIPS 2021, arXiv:2106.08630", read_help,
)  # fmt: skip
