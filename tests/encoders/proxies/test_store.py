"""The store keeps what was written, whatever happens to the last record, and shares it between processes."""

from __future__ import annotations

import math
import subprocess
import sys
from pathlib import Path

import pytest

from encoders.proxies.store import FILE, Key, Measurement, Store

WRITER = """
import sys
from encoders.proxies.store import Key, Measurement, Store
store = Store(sys.argv[1])
for i in range(300):
    store.put(Key(sys.argv[2] + str(i), "naswot", 16, 0, 1), Measurement(float(i), "", 1.0))
"""


def key(number: int, version: int = 1) -> Key:
    return Key(f"{number:032x}", "naswot", 16, 0, version)


def test_values_are_read_back(tmp_path: Path) -> None:
    Store(tmp_path / "new").put(key(1), Measurement(1 / 3, "", 12.5))
    assert Store(tmp_path / "new").get(key(1)) == Measurement(1 / 3, "", 12.5)
    assert Store(tmp_path / "new").get(key(1, version=2)) is None


def test_undefined_values_keep_their_reason(tmp_path: Path) -> None:
    Store(tmp_path).put(key(1), Measurement(math.nan, 'no "activation"\nat all'))
    found = Store(tmp_path).get(key(1))
    assert found is not None and math.isnan(found.value) and found.reason == 'no "activation"\nat all'


def test_without_a_folder_values_are_kept_in_memory() -> None:
    store = Store()
    store.put(key(1), Measurement(2.0))
    assert store.get(key(1)) == Measurement(2.0)


@pytest.mark.parametrize("cut", range(1, 120, 7))
def test_a_write_that_was_cut_costs_one_record(tmp_path: Path, cut: int) -> None:
    first = Store(tmp_path)
    first.put(key(1), Measurement(1.0))
    whole = (tmp_path / FILE).stat().st_size
    first.put(key(2), Measurement(2.0))
    with (tmp_path / FILE).open("r+b") as file:
        file.truncate(whole + min(cut, (tmp_path / FILE).stat().st_size - whole - 2))
    again = Store(tmp_path)
    assert (again.get(key(1)), again.get(key(2))) == (Measurement(1.0), None)
    again.put(key(3), Measurement(3.0))
    fresh = Store(tmp_path)
    assert [fresh.get(key(i)) for i in (1, 2, 3)] == [Measurement(1.0), None, Measurement(3.0)]


def test_damaged_lines_are_skipped(tmp_path: Path) -> None:
    Store(tmp_path).put(key(1), Measurement(1.0))
    with (tmp_path / FILE).open("ab") as file:
        file.write(b'[1, 2]\n{"fingerprint": "x"}\n\xff\xfe\n17\n')
    assert Store(tmp_path).get(key(1)) == Measurement(1.0)


def test_one_store_sees_what_another_writes(tmp_path: Path) -> None:
    reader, writer = Store(tmp_path), Store(tmp_path)
    assert reader.get(key(1)) is None
    writer.put(key(1), Measurement(1.0))
    assert reader.get(key(1)) == Measurement(1.0)


def test_two_processes_write_at_once(tmp_path: Path) -> None:
    command = [sys.executable, "-c", WRITER, str(tmp_path)]
    writers = [subprocess.Popen([*command, name]) for name in ("a", "b")]
    assert [writer.wait(timeout=60) for writer in writers] == [0, 0]
    store = Store(tmp_path)
    for name in ("a", "b"):
        for i in range(300):
            assert store.get(Key(f"{name}{i}", "naswot", 16, 0, 1)) == Measurement(float(i), "", 1.0)
