"""`build`: architectures and records in, a sharded data set out; goes on where it was interrupted.

Two stages. Every chunk of the plan is encoded and stored under `parts/`, in any order and by any number of workers;
a chunk depends on nothing but its job, so those that exist are kept. Then the chunks are merged in the order of the
plan, the first of equal architectures staying. Equal plans give equal files, bit for bit. Records that are refused stop
nothing: they are named before and, as an error, after everything else is built.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from archlm.bench import workers
from archlm.bench.card import write_card
from archlm.bench.encode import encode_job
from archlm.bench.folder_lock import alone_in
from archlm.bench.merge import Merge
from archlm.bench.plan import Job, Part, RecordsPart, RefusedPart, refused_error
from archlm.bench.schema import CODE, MANIFEST
from archlm.writing import write_whole
from onnx_bench.errors import UserInputError

PARTS = "parts"
_LOG = logging.getLogger(__name__)

Report = Callable[[str, int, int | None], None]
"""`(what, done, total)`: architectures of a part, or of the merge, that are done; the total where it is known."""


def build(
    folder: Path, parts: Sequence[Part], *, processes: int = 2, ray: bool = False, report: Report = lambda *_: None
) -> dict[str, Any]:  # fmt: skip
    """Build the data set of `parts` in `folder` and return its manifest.

    Args:
        folder: Where the data set goes; it may hold an unfinished or another build, whose chunks are used again.
        parts: From `archlm.bench.plan.make_plan`.
        processes: Workers.
        ray: Whether they are those of a Ray cluster.
        report: Is told about progress.

    Raises:
        UserInputError: The folder cannot be written, or another process builds in it.
        MalformedRecordsError: Once everything else is built and the manifest written: there are refused records.
        ArchLMError: A file of records is damaged, or the workers have other packages than this process.
    """
    refused = [part for part in parts if isinstance(part, RefusedPart)]
    if refused:
        _LOG.warning("%s", refused_error("refused records, without which everything else is built", refused))
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with alone_in(folder):
            (folder / MANIFEST).unlink(missing_ok=True)  # it says that the data set is complete
            for part in parts:
                if not isinstance(part, RefusedPart):
                    _encode(folder, part, processes, ray, report)
            manifest = _merge(folder, parts, report)
            write_card(folder, manifest)
            write_whole(folder / MANIFEST, json.dumps(manifest, indent=1).encode())
    except OSError as error:
        raise UserInputError(f"cannot write the data set to {folder}: {error}") from error
    if refused:
        counts = f"{manifest['architectures']:,} architectures, {manifest['measurements']:,} measurements"
        raise refused_error(f"built {counts}, but without refused records", refused)
    return manifest


def _encode(folder: Path, part: Part, processes: int, ray: bool, report: Report) -> None:
    """Encode the chunks of `part` that are not there yet."""
    chunks = folder / PARTS / part.label
    end = chunks / "complete"
    if end.exists():
        return
    chunks.mkdir(parents=True, exist_ok=True)
    done = number = 0

    def missing() -> Iterator[tuple[tuple[Path, int], Job]]:
        nonlocal done, number
        for job in part.jobs():
            path = chunks / f"{number:06}.parquet"
            number += 1
            if path.exists():
                done += job.number
            else:
                yield (path, job.number), job

    report(part.label, done, part.total)
    for (path, size), chunk in workers.run(encode_job, missing(), processes, ray):
        write_whole(path, chunk)
        done += size
        report(part.label, done, part.total)
    write_whole(end, b"%d chunks\n" % number)


def _merge(folder: Path, parts: Sequence[Part], report: Report) -> dict[str, Any]:
    """Merge the chunks of all parts, in order, and describe the result."""
    described: list[dict[str, Any]] = []
    with Merge(folder) as merging:
        for part in parts:
            source = part.source if isinstance(part, RecordsPart) else None
            before = merging.counts()
            for chunk in sorted((folder / PARTS / part.label).glob("*.parquet")):
                merging.add(chunk, source.name if source else "", source.licence if source else "")
                report("merge", merging.entries, None)
            described.append(part.identity | {name: n - before[name] for name, n in merging.counts().items()})
    return {"format": CODE, **merging.counts(), "parts": described, "not_built": merging.skipped}
