"""Sources are found by name and by file, and say where a missing file is published."""

from __future__ import annotations

from pathlib import Path

import pytest

from onnx_bench.errors import MissingRecordsError, UnknownNameError
from onnx_bench.records import Source, find_sources, get_source, list_sources


def test_every_source_can_be_asked_for_and_says_all_of_what_it_is() -> None:
    for source in list_sources():
        assert get_source(source.name) is source
        assert source.title and source.space and source.files and source.licence and source.reference
        assert source.url.startswith("https://") and source.size_bytes >= 0
    assert len({source.name for source in list_sources()}) == len(list_sources())


def test_no_two_sources_but_the_halves_of_transnas_claim_the_same_file() -> None:
    claims = [pattern for source in list_sources() for pattern in source.files]
    assert {pattern for pattern in claims if claims.count(pattern) > 1} == {"transnas-bench_v10141024.pth"}


def test_an_unknown_name_is_answered_with_those_that_there_are() -> None:
    with pytest.raises(UnknownNameError, match=r"'nasbench1'; there are nasbench101_full, .*hw_nas_bench_pickle"):
        get_source("nasbench1")


def test_a_folder_is_searched_for_files_and_folders(tmp_path: Path) -> None:
    (tmp_path / "nasbench_only108.tfrecord").touch()
    (tmp_path / "HELP-main" / "data" / "nasbench201").mkdir(parents=True)
    (tmp_path / "nasbench201.csv").touch()
    (tmp_path / "notes.txt").touch()
    found = [(source.name, path.relative_to(tmp_path).as_posix()) for source, path in find_sources(tmp_path)]
    assert found == [
        ("nasbench101_only108", "nasbench_only108.tfrecord"),
        ("help_nasbench201", "HELP-main/data/nasbench201"),
        ("nasbench201_table", "nasbench201.csv"),
    ]


def test_a_folder_without_records_has_none_and_no_folder_is_an_error(tmp_path: Path) -> None:
    assert find_sources(tmp_path) == []
    with pytest.raises(MissingRecordsError, match="is no folder"):
        find_sources(tmp_path / "nowhere")


@pytest.mark.parametrize("source", list_sources(), ids=lambda source: source.name)
def test_a_missing_file_is_an_error_that_says_where_to_get_it(source: Source, tmp_path: Path) -> None:
    with pytest.raises(MissingRecordsError) as caught:
        source.read(tmp_path / "missing")
    assert source.url in str(caught.value) and source.files[0] in str(caught.value)


def test_the_names_of_refused_files_are_shown_without_control_characters() -> None:
    refusal = get_source("nats_size_pickle").refusal
    assert refusal is not None
    said = str(refusal.error([Path("NATS-sss-v1_0-\x1b[31m"), Path("Zoë/NATS-sss-v1_0-b")]))
    assert said.startswith(r"'NATS-sss-v1_0-\x1b[31m', 'Zoë/NATS-sss-v1_0-b': ")


def test_the_error_says_the_size_in_words(tmp_path: Path) -> None:
    assert "(about 1.95 GB)" in str(get_source("nasbench101_full").missing(tmp_path))
    assert "(about 499 MB)" in str(get_source("nasbench101_only108").missing(tmp_path))
    assert "(about 10.9 kB)" in str(get_source("pit_table").missing(tmp_path))
    assert "does not state the size" in str(get_source("nats_size_pickle").missing(tmp_path))
