"""The export table: one fingerprint for a network, however it was exported.

`python -m tests.exports.table --csv FILE --markdown FILE` writes it; `--networks` and `--ways` restrict it.
"""

from __future__ import annotations

import argparse
import csv
import tempfile
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from onnx_bench.errors import ArchLMError
from onnx_bench.graph import ArchGraph
from onnx_bench.importing.importer import import_model
from tests.exports.exporters import Exports
from tests.exports.networks import NETWORKS
from tests.exports.ways import WAYS


@dataclass(frozen=True)
class Cell:
    """One export of one network.

    Attributes:
        network: Name in `NETWORKS`.
        way: Name in `WAYS`.
        graph: The canonical graph, or `None` where the exporter failed.
        failure: What the exporter said.
    """

    network: str
    way: str
    graph: ArchGraph | None = None
    failure: str = ""

    @property
    def fingerprint(self) -> str:
        return self.graph.fingerprint() if self.graph is not None else ""


def export(network: str, way: str, exports: Exports) -> Cell:
    """Export one network in one way and read it back. Only the exporter may fail."""
    with tempfile.TemporaryDirectory() as folder:
        try:
            model = WAYS[way](exports, folder)
        except ArchLMError:
            raise
        except Exception as error:  # whatever a third-party exporter raises
            return Cell(network, way, failure=f"{type(error).__name__}: {str(error).strip().splitlines()[0]}"[:200])
    return Cell(network, way, import_model(model, f"{network} by {way}").normalise())


def row(network: str, ways: Iterable[str] = tuple(WAYS), cache: Path | None = None) -> list[Cell]:
    """All exports of `network`."""
    exports = Exports(network, cache)
    return [export(network, way, exports) for way in ways]


def common(cells: Sequence[Cell]) -> str:
    """The most frequent fingerprint among `cells`."""
    return Counter(c.fingerprint for c in cells if c.graph).most_common(1)[0][0]


def mark(cell: Cell, expected: str) -> str:
    """How a cell is shown: first digits of its fingerprint, a star where it is not the expected one."""
    if cell.graph is None:
        return "exporter failed"
    return cell.fingerprint[:8] + ("" if cell.fingerprint == expected else "*")


def markdown(rows: Sequence[list[Cell]]) -> str:
    """The table with ways as rows, and the exporter failures below it."""
    lines = ["| way | " + " | ".join(cells[0].network for cells in rows) + " |", "|---" * (len(rows) + 1) + "|"]
    marks = [[mark(c, common(cells)) for c in cells] for cells in rows]
    for i, cell in enumerate(rows[0]):
        lines.append(f"| {cell.way} | " + " | ".join(column[i] for column in marks) + " |")
    failures = [f"- {c.network} by {c.way}: {c.failure}" for cells in rows for c in cells if c.graph is None]
    return "\n".join([*lines, "", f"Exporter failures ({len(failures)}):", "", *failures, ""])


def main() -> None:
    parser = argparse.ArgumentParser(description="Write the table of exports and fingerprints.")
    parser.add_argument("--networks", nargs="*", default=list(NETWORKS), choices=list(NETWORKS))
    parser.add_argument("--ways", nargs="*", default=list(WAYS), choices=list(WAYS))
    parser.add_argument("--cache", type=Path, help="folder that keeps exports from one run to the next")
    parser.add_argument("--csv")
    parser.add_argument("--markdown")
    args = parser.parse_args()
    rows = []
    for network in args.networks:
        cells = row(network, args.ways, args.cache)
        made = [c for c in cells if c.graph]
        equal = sum(c.fingerprint == common(cells) for c in made)
        print(f"{network:16} {equal}/{len(made)} equal, {len(cells) - len(made)} exporter failures", flush=True)
        rows.append(cells)
    if args.csv:
        with open(args.csv, "w", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(("network", "kind", "way", "fingerprint", "nodes", "params", "macs", "exporter_failure"))
            for cell in (c for cells in rows for c in cells):
                counts = (cell.graph.num_nodes, cell.graph.params, cell.graph.macs) if cell.graph else ("", "", "")
                kind = NETWORKS[cell.network].kind
                writer.writerow((cell.network, kind, cell.way, cell.fingerprint, *counts, cell.failure))
    if args.markdown:
        with open(args.markdown, "w") as file:
            file.write(markdown(rows))


if __name__ == "__main__":
    main()
