"""A table of measurements is read right, or refused with a message that says what to mend."""

from __future__ import annotations

import random
import re
import shutil
import subprocess
import sys
from collections.abc import Iterable
from csv import QUOTE_ALL, QUOTE_MINIMAL
from decimal import Decimal
from pathlib import Path
from typing import Any

import datasets
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import archlm
from archlm.finetuning import table_rows
from archlm.finetuning.table import LEAST, LabelledNetworks, Read, read_table
from onnx_bench import spaces
from onnx_bench.errors import InvalidTableError, UnknownNameError, UserInputError

ARCHS = [f"{8 * i}:8:8:8:8" for i in range(1, 7)]
VALUES = [90.0, 91.5, 92.0, 89.0, 93.0, 94.0]
ONNX = Path(archlm.__file__).parent / "examples" / "resnet18.onnx"
HOSTILE = "\x1b[31m\u202e\0"


def frame(values: Iterable[Any] = VALUES, archs: Iterable[Any] = ARCHS, target: str = "acc") -> pd.DataFrame:
    return pd.DataFrame({"arch": list(archs), target: list(values)})


def read(data: Any, target: str = "acc", **more: Any) -> LabelledNetworks:
    return read_table(data, target, **{"space": "nats_size"} | more)


def refused(data: Any, target: str = "acc", **more: Any) -> str:
    """The message of the error, which must be fit to be shown."""
    with pytest.raises(InvalidTableError) as caught:
        read(data, target, **more)
    message = str(caught.value)
    assert message.isprintable() and len(message) < 3000
    return message


def write(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8", newline="")
    return path


def csv(path: Path, *rows: str) -> Path:
    return write(path / "table.csv", "\n".join(("arch,acc", *rows)) + "\n")


LINES = tuple(f"{arch},{value}" for arch, value in zip(ARCHS, VALUES, strict=True))


# What is read


def test_every_kind_of_table_gives_the_same_networks(tmp_path: Path) -> None:
    table = frame()
    table.to_csv(tmp_path / "table.csv", index=False)
    table.to_parquet(tmp_path / "TABLE.PARQUET", index=False)
    kinds: list[Any] = [
        table, tmp_path / "table.csv", str(tmp_path / "TABLE.PARQUET"), datasets.Dataset.from_pandas(table),
        table.set_index(pd.Index(range(50, 56))),
    ]  # fmt: skip
    for kind in kinds:
        found = read(kind)
        assert found.names == tuple(ARCHS)
        assert found.values.dtype == np.float64 and found.values.tolist() == VALUES
        built = [spaces.get("nats_size").build(arch).fingerprint() for arch in ARCHS]
        assert [graph.fingerprint() for graph in found.graphs] == built
        assert [graph.name for graph in found.graphs] == ARCHS


def test_a_spreadsheets_csv_is_read(tmp_path: Path) -> None:
    rows = "\r\n".join(("\ufeffarch, acc ,,", *(f'"{line.split(",")[0]}", {line.split(",")[1]} ,,' for line in LINES)))
    assert read(write(tmp_path / "t.csv", rows + "\r\n,,,\r\n\r\n")).values.tolist() == VALUES


def test_numbers_in_other_clothes() -> None:
    values = ["9.5e1", " 91 ", np.float32(92), np.int64(93), Decimal("94"), ".5"]
    assert read(frame(values)).values.tolist() == [95, 91, 92, 93, 94, 0.5]


def test_files_factories_and_architecture_strings_in_one_table(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    beside, here = tmp_path / "beside", tmp_path / "here"
    for folder in (beside, here):
        (folder / "nets").mkdir(parents=True)
    monkeypatch.chdir(here)
    shutil.copy(ONNX, beside / "nets" / "a.onnx")
    (here / "nets" / "a.onnx").write_bytes(b"the file beside the table comes first")
    (here / "b.onnx").write_bytes(b"")
    write(here / "table_factories.py", "from torch import nn\ndef net(): return nn.Sequential(nn.Linear(3, 2))\n")
    rows = [
        "network,space,acc", "nets/a.onnx,,1", "table_factories:net,,2", *(f"{a},nats_size,{a[0]}" for a in ARCHS[:3]),
    ]  # fmt: skip
    found = read(write(beside / "t.csv", "\n".join(rows)), space=None, inputs=["1x3"])
    assert [graph.params for graph in found.graphs[:2]] == [11_684_712, 8]
    assert found.names[:3] == ("nets/a.onnx", "table_factories:net", ARCHS[0])
    message = refused(write(beside / "t.csv", "\n".join([*rows, "b.onnx,,5"])), space=None, inputs=["1x3"])
    assert "1 of 6 networks" in message and "row 7 'b.onnx': " in message and "no such file" not in message


def test_progress_sees_every_network() -> None:
    seen: list[int] = []

    def progress(graphs: Iterable[Read], total: int) -> Iterable[Read]:
        for graph in graphs:
            seen.append(total)
            yield graph

    read(frame(), progress=progress)
    assert seen == [6] * 6


def test_importing_archlm_imports_no_pandas() -> None:
    code = (
        "import sys, archlm, archlm.finetuning.table\n"
        "print([m for m in ('pandas', 'datasets', 'torch', 'pyarrow', 'archlm.cli') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120, check=False)
    assert done.stdout == "[]\n", done.stderr


# What is refused: the file


def test_a_file_that_is_not_there_or_of_another_kind(tmp_path: Path) -> None:
    assert "there is no file" in refused(tmp_path / "none.csv")
    (tmp_path / "folder.csv").mkdir()
    assert "there is no file" in refused(tmp_path / "folder.csv")
    assert "there is no file" in refused(f"{HOSTILE}.csv")
    assert "suffix '.xlsx'; save the table as .csv or .parquet" in refused(tmp_path / "t.xlsx")
    assert "cannot read a table from list" in refused([1, 2])
    assert "cannot read a table from Series" in refused(frame().acc)


@pytest.mark.parametrize(
    ("content", "found"),
    [(b"", "the table is empty"), (b"\n\n", "the table is empty"), (b"arch,acc\n", "has 0 networks"),
     (b"arch,acc\n\xff\xfe,1\n", "is not UTF-8"), ("arch,acc\n".encode("utf-16"), "is not UTF-8"),
     (b'arch,acc\na,1\n"b,2\n', "cannot be read after row 2: unexpected end of data"),
     (b"arch,acc\n" + b"a" * 200_000 + b",1", "cannot be read after row 1: field larger"),
     (b"arch|acc\na|1\n", "are they separated by '|'?"),
     (b"arch,acc\na,1\nb\nc,1,2\n", "has 2 cells, but row 3 has 1, row 4 has 3")],
)  # fmt: skip
def test_a_damaged_csv(tmp_path: Path, content: bytes, found: str) -> None:
    (tmp_path / "t.csv").write_bytes(content)
    assert found in refused(tmp_path / "t.csv")


@pytest.mark.parametrize("separator", ",;\t")
@pytest.mark.parametrize("quoting", [QUOTE_MINIMAL, QUOTE_ALL])
@pytest.mark.parametrize("name", ["t.csv", "t.tsv"])
def test_cells_are_separated_as_spreadsheets_do(tmp_path: Path, separator: str, quoting: int, name: str) -> None:
    table = frame().assign(**{"note, or\nremark": "a,b;c\td"})
    table.to_csv(tmp_path / name, sep=separator, quoting=quoting, index=False, encoding="utf-8-sig")
    for target in ("acc", None):
        rows = list(table_rows.read_rows(tmp_path / name, target))
        assert [cells[0] for _, cells in rows] == ARCHS
    assert read(tmp_path / name).values.tolist() == VALUES


def test_a_damaged_parquet_file(tmp_path: Path) -> None:
    frame().to_parquet(tmp_path / "t.parquet")
    whole = (tmp_path / "t.parquet").read_bytes()
    for part in (b"", b"PAR1", whole[:-20], whole[: len(whole) // 2]):
        (tmp_path / "t.parquet").write_bytes(part)
        assert "no readable parquet file" in refused(tmp_path / "t.parquet")


def test_the_size_is_limited_packed_and_unpacked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pq.write_table(pa.table({"arch": ["x" * 5000] * 100, "acc": [1.0] * 100}), tmp_path / "t.parquet")
    monkeypatch.setattr(table_rows, "LIMIT_BYTES", 100_000)
    assert (tmp_path / "t.parquet").stat().st_size < 100_000
    assert "unpacks to more than" in refused(tmp_path / "t.parquet")
    assert "100,010 bytes; the limit is" in refused(csv(tmp_path, "a" * 100_000))


def test_a_long_name_in_every_row_is_counted_in_every_row(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    names = pa.DictionaryArray.from_arrays(pa.array([0] * 2000, pa.int32()), ["x" * 2000])
    pq.write_table(pa.table({"arch": names, "acc": [1.0] * 2000}), tmp_path / "t.parquet")
    assert (tmp_path / "t.parquet").stat().st_size < 20_000
    for limit in (1 << 20, 3 << 20):  # passed by a batch, and by all of them
        monkeypatch.setattr(table_rows, "LIMIT_BYTES", limit)
        assert "unpacks to more than" in refused(tmp_path / "t.parquet")


def test_categories_are_read_and_lists_are_not(tmp_path: Path) -> None:
    frame().astype({"arch": "category", "acc": "category"}).to_parquet(tmp_path / "t.parquet")
    assert read(tmp_path / "t.parquet").values.tolist() == VALUES
    frame(archs=[[arch] for arch in ARCHS]).to_parquet(tmp_path / "t.parquet")
    assert "column 'arch' holds list" in refused(tmp_path / "t.parquet")


# What is refused: the columns


def test_a_missing_column_is_named_with_close_ones() -> None:
    message = refused(frame(target="accuracy"), "Acuracy")
    assert "there is no column 'Acuracy'; did you mean 'accuracy'? the columns are 'arch', 'accuracy'" in message
    many = pd.DataFrame({f"{HOSTILE}{i}": [1] for i in range(30)})
    assert "and 10 more" in refused(many)
    assert "there is no column ''" in refused(frame(target=""), "")


def test_the_target_is_not_the_first_column() -> None:
    assert "is the first column, which must name the networks" in refused(frame(), "arch")


def test_columns_of_one_name_are_refused(tmp_path: Path) -> None:
    message = "several columns are called 'acc'; rename all but one"
    assert message in refused(write(tmp_path / "t.csv", "arch,acc, acc\na,1,2\n"))
    twice = pd.concat([frame(), frame()[["acc"]]], axis=1)
    assert message in refused(twice)
    pq.write_table(pa.table([ARCHS, VALUES, VALUES], names=["arch", "acc", "acc"]), tmp_path / "t.parquet")
    assert message in refused(tmp_path / "t.parquet")


# What is refused: the values


@pytest.mark.parametrize(
    ("cell", "found"),
    [("high", "no number in row 3 'high'"), ("12,5", "no number in row 3 '12,5'"), ("1_0", "no number"),
     ("٣", "no number"), ("93%", "no number"), (True, "no number in row 3 'True'"), ([1], "no number"),
     (1j, "no number"), ("__import__('os').abort()", "no number"),
     (HOSTILE, r"no number in row 3 '\x1b[31m\u202e\x00'"),
     ("9" * 100_000 + "x", "no number in row 3 '999"), ("", "nothing (empty or NaN) in row 3"), (None, "nothing"),
     ("NaN", "nothing"), (float("nan"), "nothing"), (pd.NA, "nothing"), (pd.NaT, "nothing"),
     ("-inf", "an infinite number in row 3"), (float("inf"), "an infinite number"), ("1e999", "an infinite number"),
     (10**400, "an infinite number")],
    ids=lambda cell: repr(cell)[:20],
)  # fmt: skip
def test_a_value_that_is_no_finite_number(cell: Any, found: str) -> None:
    message = refused(pd.DataFrame({"arch": ARCHS, "acc": pd.Series([90.0, cell, *VALUES[2:]], dtype=object)}))
    assert f"column 'acc' holds {found}" in message


def test_at_most_five_rows_are_named_each_as_a_spreadsheet_counts(tmp_path: Path) -> None:
    message = refused(csv(tmp_path, "a,1", "", '"b\nc",x', ",", *["d,y"] * 6, "e,", "f,inf"))
    assert "no number in row 4 'x', row 6 'y', row 7 'y', row 8 'y', row 9 'y', and 2 more; nothing" in message
    assert "in row 12; an infinite number in row 13" in message


def test_too_few_networks(tmp_path: Path) -> None:
    few = frame().head(LEAST - 1)
    assert "has 4 networks; at least 5 are needed" in refused(few)
    read(frame().head(LEAST))
    assert "has 4 networks" in refused(pd.concat([few, few]), average_duplicates=True)


def test_a_constant_target() -> None:
    assert "is 3 for all 6 networks" in refused(frame([3] * 6))
    ups_and_downs = frame([1, 3] * 6, [arch for arch in ARCHS for _ in range(2)])
    assert "is 2 for all 6 networks" in refused(ups_and_downs, average_duplicates=True)


# What is refused: the networks


@pytest.mark.parametrize("cell", ["", "  ", None, float("nan"), 7, b"a.onnx"])
def test_a_row_without_a_name(cell: Any) -> None:
    assert "names no network in row 4" in refused(frame(archs=[*ARCHS[:2], cell, *ARCHS[3:]]))


def test_all_networks_that_cannot_be_read_are_in_one_error(tmp_path: Path) -> None:
    (tmp_path / "bad.onnx").write_bytes(b"no model")
    (tmp_path / "link.onnx").symlink_to("/dev/zero")
    names = [
        str(ONNX), "gone.onnx", "bad.onnx", "no_such_module:net", HOSTILE, "link.onnx", "a" * 5000, ".", "../gone",
    ]  # fmt: skip
    path = tmp_path / "table.csv"
    frame(range(9), names).to_csv(path, index=False)
    message = refused(path, space=None)
    assert message.startswith("8 of 9 networks cannot be read: row 3 'gone.onnx': there is no such file; row 4 'bad")
    assert r"row 6 '\x1b[31m\u202e\x00': there is no such file; row 7 'link.onnx': " in message
    assert "cannot import 'no_such_module'" in message and "and 3 more. Mend or remove" in message


def test_architecture_strings_that_are_not_of_their_space() -> None:
    table = frame(archs=["8:8", f"{HOSTILE}", *ARCHS[2:]])
    assert "2 of 6 networks cannot be read: row 2 '8:8': " in refused(table)
    unknown = frame().assign(space=["nats_size"] * 5 + ["nowhere"])
    assert "row 7 '48:8:8:8:8': unknown search space 'nowhere'" in refused(unknown, space=None)
    message = refused(unknown)
    assert "space nats_size is asked for, but the column 'space' says row 7 'nowhere'" in message
    assert "name of their space" in refused(frame(), space=None)


def test_wrong_options_are_answered_before_the_table_is_read() -> None:
    with pytest.raises(UnknownNameError, match="unknown search space 'nowhere'"):
        read_table("none.csv", "acc", space="nowhere")
    with pytest.raises(UserInputError, match="no input shape"):
        read_table("none.csv", "acc", inputs=["3x"])


@pytest.mark.parametrize("space", ["nats_size", None])
def test_input_shapes_of_nothing_are_told(tmp_path: Path, space: str | None) -> None:
    shutil.copy(ONNX, tmp_path / "a.onnx")
    table = csv(tmp_path, *LINES) if space else csv(tmp_path, *(f"a.onnx,{value}" for value in VALUES))
    with pytest.raises(UserInputError, match="1x3 are given, but no row names a module:factory"):
        read_table(table, "acc", space=space, inputs=["1x3"])


def test_values_are_checked_before_any_network_is_loaded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    write(tmp_path / "table_side_effect.py", "raise SystemExit('loaded')")
    assert "no number" in refused(frame(["x"] * 6, ["table_side_effect:net"] * 6), space=None)


# The same network twice


def equal_cells() -> tuple[str, str]:
    """Two cells of NAS-Bench-201 that differ by what no path reads."""
    cells = [f"|nor_conv_3x3~0|+|none~0|{op}~1|+|skip_connect~0|none~1|none~2|" for op in ("none", "nor_conv_1x1")]
    return cells[0], cells[1]


def test_the_same_network_under_other_names_was_measured_several_times() -> None:
    rng = random.Random(0)
    space = spaces.get("nasbench201")
    distinct = {space.build(arch).fingerprint(): arch for arch in (space.sample(rng) for _ in range(40))}
    archs = [equal_cells()[0], *list(distinct.values())[:5], equal_cells()[1]]
    table = frame(range(7), archs)
    found = read(table, space="nasbench201")
    assert found.names == tuple(archs[:6]) and found.values.tolist() == [3, 1, 2, 3, 4, 5]
    assert "7 rows measure 6 different networks: the mean of equal ones is taken" in found.notes
    message = refused(pd.concat([table, table[:1]]), space="nasbench201")
    assert "more than once under one name: rows 2, 8, 9 ('|nor_conv_3x3~0|" in message
    assert "--average-duplicates" in message


def test_many_equal_networks_are_told_briefly() -> None:
    table = frame(range(48), ARCHS * 8)
    message = refused(table)
    assert re.search(r"rows 2, 8, 14, 20, 26, and 3 more \('8:8:8:8:8'\); rows 3, .*; and 1 more\. Remove", message)


def test_huge_values_are_refused_before_their_squares_are_infinite() -> None:
    assert "a number beyond 1e+150 in row 2, row 3" in refused(frame([1.7e308, -1e151, *VALUES[2:]]))
    assert read(frame([-1e150, 1e150, *VALUES[2:]])).values.std() < np.inf


def test_an_index_in_the_first_column_is_called_one(tmp_path: Path) -> None:
    for name, table in (("whole", frame()), ("part", frame()[1:].sample(frac=1, random_state=0))):
        table.to_csv(tmp_path / f"{name}.csv")
        for found in (tmp_path / f"{name}.csv", pd.read_csv(tmp_path / f"{name}.csv")):
            message = refused(found)
            assert "is an index" in message and "index=False" in message


def test_names_in_an_index_are_no_column() -> None:
    assert "reset_index()" in refused(frame().set_index("arch"))
    assert read(frame().set_index("arch").reset_index()).names == tuple(ARCHS)


def test_values_too_close_for_floating_point() -> None:
    message = refused(frame([value * 1e-310 for value in VALUES]))
    assert "differ by" in message and "smaller unit" in message
    assert len(read(frame([value * 1e-100 for value in VALUES])).values) == 6
