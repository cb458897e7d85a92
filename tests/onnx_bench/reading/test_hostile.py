"""Every hostile input gives its typed error, every harmless oddity a graph; nothing hangs or brings the worker down."""

from __future__ import annotations

import pytest

from onnx_bench.errors import ModelTooLargeError, ReaderFailureError, UnsafeModelError, UserInputError
from onnx_bench.graph import ArchGraph
from onnx_bench.reader import ReaderPool
from tests import hostile


@pytest.mark.parametrize("name", hostile.CASES)
def test_hostile_input(pool: ReaderPool, name: str) -> None:
    case = hostile.CASES[name]
    data = case.make()
    if case.error is None:
        for normalised in (False, True):
            graph = pool.read(data, normalised=normalised)
            assert graph.outputs
            assert not normalised or len(graph.fingerprint()) == 32
            assert ArchGraph.from_bytes(graph.to_bytes()) == graph
            assert not case.message or any(w.startswith(case.message) for w in graph.warnings)
        return
    with pytest.raises(case.error) as caught:
        pool.read(data)
    assert not isinstance(caught.value, ReaderFailureError)
    assert str(caught.value).startswith(case.message)
    assert len(str(caught.value)) < 500


@pytest.mark.parametrize("data", hostile.truncated())
def test_truncated_file(pool: ReaderPool, data: bytes) -> None:
    with pytest.raises(UserInputError, match=r"incomplete|does not say|holds no graph"):
        pool.read(data)


@pytest.mark.parametrize("name", hostile.HOSTILE_TEXTS)
def test_text_of_a_file_goes_nowhere(pool: ReaderPool, name: str) -> None:
    graph = pool.read(hostile.CASES[f"text_{name}"].make(), normalised=False)
    for text in (*(n.op for n in graph.nodes), *(k for n in graph.nodes for k, _ in n.attrs), *graph.warnings):
        assert text.isprintable()
        assert "<" not in text
    assert all(
        set(n.op) <= set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-:") for n in graph.nodes
    )
    assert hostile.HOSTILE_TEXTS[name] not in graph.to_bytes().decode()


def test_text_in_an_error_is_escaped_and_cut(pool: ReaderPool) -> None:
    ugly = "\x1b[31m\u202e" + "a" * 5000
    with pytest.raises(UserInputError) as caught:
        pool.read(hostile.model([hostile.node("Relu", [ugly], ["y"])]).SerializeToString())
    assert str(caught.value).isprintable()
    assert len(str(caught.value)) < 200


@pytest.mark.parametrize("name", [n for n in hostile.CASES if n.startswith("external_")])
def test_external_data_is_refused_where_forbidden(strict_pool: ReaderPool, name: str) -> None:
    with pytest.raises(UnsafeModelError) as caught:
        strict_pool.read(hostile.CASES[name].make())
    assert str(caught.value).startswith("tensor 'w' lives in another file; such models are not accepted here")
    assert "passwd" not in str(caught.value)


def test_uploads_are_capped(pool: ReaderPool) -> None:
    with pytest.raises(ModelTooLargeError, match=r"the model has 67,108,865 bytes; the limit is 64 MiB"):
        pool.read(bytes((64 << 20) + 1))
