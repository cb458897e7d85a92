"""Real networks of both zoos are one population: each network once, families on one side."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from onnx_bench.records.tables import TORCHVISION
from train import encoded
from train.common import group_folds
from train.encoded import encode_space, joined
from train.neural import HELD_OUT_FAMILIES, TEST_FOLDS
from train.records import described, real_networks
from train.zoos import torchvision_networks


def test_encoded_networks_are_joined_and_chosen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(encoded, "CACHE", tmp_path)
    sizes = ["8:8:8:8:8", "8:8:8:8:16", "8:8:8:8:8", "16:8:8:8:8", "8:16:8:8:8"]
    whole = encode_space("nats_size", sizes)
    parts = joined([encode_space("nats_size", sizes[:2]), encode_space("nats_size", sizes[2:])])
    assert len(whole.texts) == len(parts.texts) == 4
    chosen = np.array([False, False, True, False, True])
    some = encode_space("nats_size", [sizes[2], sizes[4]])
    for found, same in ((parts, whole), (whole.take(chosen), some), (parts.take(chosen), some)):
        assert found.fingerprints.tolist() == same.fingerprints.tolist()
        assert [found.texts[p] for p in found.place] == [same.texts[p] for p in same.place]
        np.testing.assert_array_equal(found.sizes, same.sizes)
        np.testing.assert_array_equal(found.features, same.features)
        np.testing.assert_array_equal(found.graphs.take(found.place).x_num, same.graphs.take(same.place).x_num)


@pytest.mark.data
def test_families_that_came_later_leave_those_that_are_held_out(shared_data: Path) -> None:
    frame = real_networks(shared_data)
    first = frame.module[frame.onnx.notna()].to_numpy(dtype=str)
    drawn = next(group_folds(first, TEST_FOLDS, 0))
    assert set(first[drawn]) == set(HELD_OUT_FAMILIES[:9])


@pytest.mark.data
def test_of_torchvision_the_best_weights_without_more_data(shared_data: Path) -> None:
    frame = torchvision_networks(shared_data)
    value = dict(zip(described(frame, TORCHVISION), frame.imagenet_1k_top1_acc, strict=True))
    assert len(value) == len(frame)
    assert value["resnet50@224"] == 80.858  # the first recipe gave 76.13
    assert value["vit_l_16@224"] == 79.662  # 85.146 after weak supervision
    assert "vit_l_16@512" not in value  # which has no other
    assert not {"inception", "maxvit"} & set(frame.module)
