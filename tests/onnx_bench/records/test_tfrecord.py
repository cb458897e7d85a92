"""TFRecord files are read without TensorFlow, and damage is found."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from onnx_bench.errors import MalformedRecordsError
from onnx_bench.records import crc32c
from onnx_bench.records.tfrecord import MAX_RECORD_BYTES, read_tfrecord
from tests.onnx_bench.records import frames

RECORDS = [b"first", b"", bytes(range(256)) * 3, b"x"]


def test_checksums_are_those_of_the_standard() -> None:
    messages = [b"123456789", bytes(32), b"\xff" * 32, bytes(range(32)), b""]  # RFC 3720, B.4
    assert crc32c.crc32c(messages).tolist() == [0xE3069283, 0x8A9136AA, 0x62A8AB43, 0x46DD794E, 0]
    assert crc32c.crc32c([]).tolist() == []


def test_checksums_of_messages_of_any_length_at_once() -> None:
    rng = random.Random(0)
    messages = [rng.randbytes(rng.randrange(60)) for _ in range(300)]
    assert crc32c.crc32c(messages).tolist() == [frames.crc32c(message) for message in messages]


def test_records_are_given_in_order(tmp_path: Path) -> None:
    file = tmp_path / "a.tfrecord"
    file.write_bytes(b"".join(map(frames.frame, RECORDS)))
    assert list(read_tfrecord(file)) == RECORDS
    file.write_bytes(b"")
    assert list(read_tfrecord(file)) == []


def test_more_records_than_a_batch_and_records_of_uneven_size(tmp_path: Path) -> None:
    small, large = frames.frame(b"abc"), frames.frame(b"q" * 5000)
    file = tmp_path / "a.tfrecord"
    file.write_bytes(small * 4500 + large + small * 3000)
    assert [len(record) for record in read_tfrecord(file)] == [3] * 4500 + [5000] + [3] * 3000


@pytest.mark.parametrize("lost", [1, 4, 5, 12, 16, 19])
def test_a_file_that_ends_early_is_an_error(lost: int, tmp_path: Path) -> None:
    file = tmp_path / "a.tfrecord"
    file.write_bytes(b"".join(map(frames.frame, RECORDS))[:-lost] if lost < 17 else frames.frame(b"ab")[: 20 - lost])
    with pytest.raises(MalformedRecordsError, match=r"ends inside record [03]; download it again"):
        list(read_tfrecord(file))


def test_a_changed_byte_is_an_error_wherever_it_is(tmp_path: Path) -> None:
    good, file = frames.frame(b"0123456789"), tmp_path / "a.tfrecord"
    for place in range(8, len(good)):  # the length itself: below
        file.write_bytes(frames.frame(b"before") + good[:place] + bytes([good[place] ^ 4]) + good[place + 1 :])
        with pytest.raises(MalformedRecordsError, match="the checksum of record 1 is wrong"):
            list(read_tfrecord(file))


def test_a_changed_length_is_an_error(tmp_path: Path) -> None:
    good, file = frames.frame(b"0123456789") + frames.frame(b"next"), tmp_path / "a.tfrecord"
    for place in range(8):
        file.write_bytes(good[:place] + bytes([good[place] ^ 1]) + good[place + 1 :])
        with pytest.raises(MalformedRecordsError, match=r"record 0|record 1"):
            list(read_tfrecord(file))


def test_a_hostile_length_is_refused_before_anything_is_read(tmp_path: Path) -> None:
    length = (1 << 62).to_bytes(8, "little")
    file = tmp_path / "a.tfrecord"
    file.write_bytes(length + frames.masked(length) + b"data")
    with pytest.raises(
        MalformedRecordsError, match=f"claims {1 << 62:,} bytes, above the limit of {MAX_RECORD_BYTES:,}"
    ):
        list(read_tfrecord(file))


def test_another_kind_of_file_is_an_error(tmp_path: Path) -> None:
    file = tmp_path / "a.tfrecord"
    file.write_bytes(b"<!DOCTYPE html><html>not found</html>")
    with pytest.raises(MalformedRecordsError, match="is this a TFRecord file"):
        list(read_tfrecord(file))
