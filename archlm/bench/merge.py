"""From chunks to the data set: every architecture once, every measurement, in shards."""

from __future__ import annotations

from pathlib import Path
from types import TracebackType

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from archlm.bench.encode import COMPRESSION
from archlm.bench.schema import ARCHITECTURES, CHUNK, MEASUREMENTS
from onnx_bench.errors import MalformedRecordsError

SHARD_ROWS = 100_000


class ShardWriter:
    """Writes rows to `folder/00000.parquet` and so on; each file appears whole or not at all."""

    def __init__(self, folder: Path, schema: pa.Schema) -> None:
        self.folder, self.schema = folder, schema
        self.rows = 0
        self.files: list[str] = []
        self._writer: pq.ParquetWriter | None = None
        self._room = 0

    def __enter__(self) -> ShardWriter:
        self.folder.mkdir(parents=True, exist_ok=True)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is None:
            if not self.files and self._writer is None:
                self._open()  # a table without rows is still a table
            self._finish()
            for old in set(self.folder.iterdir()) - {self.folder / name for name in self.files}:
                old.unlink()
        elif self._writer is not None:
            self._writer.close()

    def write(self, table: pa.Table) -> None:
        """Append rows; a shard ends where it is full."""
        while table.num_rows:
            writer = self._writer or self._open()
            part = table.slice(0, self._room)
            writer.write_table(part)
            self._room -= part.num_rows
            self.rows += part.num_rows
            table = table.slice(part.num_rows)
            if not self._room:
                self._finish()

    @property
    def _draft(self) -> Path:
        return self.folder / "unfinished"

    def _open(self) -> pq.ParquetWriter:
        self._writer = pq.ParquetWriter(self._draft, self.schema, **COMPRESSION)
        self._room = SHARD_ROWS
        return self._writer

    def _finish(self) -> None:
        if self._writer is None:
            return
        self._writer.close()
        self._writer = None
        self.files.append(f"{len(self.files):05}.parquet")
        self._draft.replace(self.folder / self.files[-1])


class Merge:
    """Puts chunks together in the order in which they are given.

    Attributes:
        entries: Rows of the chunks so far.
        skipped: Entries without a graph: space, architecture and the reason.
        recorded: Entries whose source records the parameters of the network as trained.
        equal: Those of them whose graph has as many.
    """

    def __init__(self, folder: Path) -> None:
        self.architectures = ShardWriter(folder / "architectures", ARCHITECTURES)
        self.measurements = ShardWriter(folder / "measurements", MEASUREMENTS)
        self.entries = 0
        self.skipped: list[dict[str, str]] = []
        self.recorded = self.equal = 0
        self._seen: set[bytes] = set()

    def __enter__(self) -> Merge:
        self.architectures.__enter__()
        self.measurements.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.architectures.__exit__(kind, error, trace)
        self.measurements.__exit__(kind, error, trace)

    def counts(self) -> dict[str, int]:
        """What there is so far."""
        return {
            "entries": self.entries, "architectures": self.architectures.rows,
            "measurements": self.measurements.rows, "skipped": len(self.skipped),
            "recorded_params": self.recorded, "equal_params": self.equal,
        }  # fmt: skip

    def add(self, chunk: Path, source: str, licence: str) -> None:
        """Append one chunk of a source (both names empty for architectures without records).

        Raises:
            MalformedRecordsError: The chunk is damaged.
        """
        try:
            table = pq.read_table(chunk, schema=CHUNK)
        except (pa.ArrowException, OSError, ValueError) as error:
            raise MalformedRecordsError(
                f"{chunk}, built before, cannot be read ({error}): remove the folder {chunk.parent} and build again"
            ) from error
        self.entries += table.num_rows
        failed = pc.is_valid(table["error"])
        self.skipped += table.filter(failed).select(["space", "arch", "error"]).to_pylist()
        table = table.filter(pc.invert(failed))
        self.recorded += table.num_rows - table["recorded_params"].null_count
        self.equal += pc.sum(pc.equal(table["recorded_params"], table["stored_params"])).as_py() or 0
        new = [self._is_new(fingerprint) for fingerprint in table["fingerprint"].to_pylist()]
        self.architectures.write(table.filter(pa.array(new, pa.bool_())).select(ARCHITECTURES.names))
        self.measurements.write(_measurements(table, source, licence))

    def _is_new(self, fingerprint: str) -> bool:
        before = len(self._seen)
        self._seen.add(bytes.fromhex(fingerprint))
        return len(self._seen) > before


def _measurements(table: pa.Table, source: str, licence: str) -> pa.Table:
    """The measurements of a chunk, one row each, see `schema.MEASUREMENTS`."""
    nested = table["measurements"].combine_chunks()
    owners = table.select(["fingerprint", "space", "arch"]).take(pc.list_parent_indices(nested))
    values = pc.list_flatten(nested)
    columns = {name: owners[name] for name in owners.column_names}
    columns |= {values.type.field(i).name: values.field(i) for i in range(values.type.num_fields)}
    columns |= {"source": pa.repeat(source, len(values)), "licence": pa.repeat(licence, len(values))}
    return pa.table(columns, schema=MEASUREMENTS)
