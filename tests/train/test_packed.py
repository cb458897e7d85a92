"""Spaces packed for training elsewhere come back as they were."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from train.neural import graph_space, held_out, rows_of, task_scales
from train.packed import pack, unpack
from train.records import Labelled


@pytest.fixture(scope="module")
def space(shared_data: Path) -> Labelled:
    from train.records import load

    return load("rnn", data=str(shared_data))


@pytest.mark.data
def test_a_packed_space_trains_as_the_space_itself(space: Labelled, tmp_path: Path) -> None:
    assert len(space) > len(space.known.rows), "some of its networks are the same"
    pack(space, tmp_path)
    back = unpack(tmp_path, space.space)
    assert len(back) == len(space.known.rows)
    np.testing.assert_array_equal(held_out(back), held_out(space))
    assert back.known.texts.tolist() == space.known.texts.tolist()
    rows = rows_of([space], hold_out=True)
    scales = task_scales([space], rows)
    ours, theirs = (graph_space(s, rows["rnn"], scales) for s in (space, back))
    np.testing.assert_array_equal(ours.targets, theirs.targets)
    np.testing.assert_array_equal(ours.costs, theirs.costs)
    picked = np.array([3, 0, len(ours.targets) - 1])
    for name, values in ours.inputs(picked).items():
        np.testing.assert_array_equal(values, theirs.inputs(picked)[name], err_msg=name)
