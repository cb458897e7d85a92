"""One description, two forms."""

from __future__ import annotations

from onnx_bench.spaces.drawing import Drawing
from onnx_bench.spaces.edge_cell import live_edges


def ops(pen: Drawing) -> list[str]:
    return [node.op for node in pen.nodes]


def test_a_batch_norm_becomes_a_bias_in_the_folded_form() -> None:
    for folded, expected in ((False, ["Input", "Conv", "BatchNorm"]), (True, ["Input", "Conv"])):
        pen = Drawing(folded)
        pen.conv(pen.input((1, 3, 8, 8)), 4, 3, batch_norm=True)
        assert ops(pen) == expected
        assert pen.total_params + pen.lost_params == 3 * 4 * 9 + 2 * 4
        assert pen.nodes[1].get("bias") is folded


def test_a_batch_norm_vanishes_into_a_convolution_that_has_a_bias_already() -> None:
    pen = Drawing(folded=True)
    x = pen.conv(pen.input((1, 3, 8, 8)), 4, 1, batch_norm=True)
    assert pen.batch_norm(x) == x
    assert pen.total_params == 3 * 4 + 4
    assert pen.total_params + pen.lost_params == 3 * 4 + 2 * 4 + 2 * 4


def test_a_batch_norm_elsewhere_stays() -> None:
    pen = Drawing(folded=True)
    x = pen.relu(pen.input((1, 3, 8, 8)))
    assert pen.batch_norm(x) != x
    assert ops(pen) == ["Input", "Relu", "BatchNorm"]


def test_equal_operators_without_parameters_are_one_in_the_folded_form() -> None:
    for folded, expected in ((True, 4), (False, 6)):
        pen = Drawing(folded)
        x = pen.input((1, 3, 8, 8))
        first, second = pen.relu(x), pen.relu(x)
        pools = [pen.avg_pool(x, 3, 1, 1), pen.avg_pool(x, 3, 1, 1), pen.avg_pool(x, 2, 2)]
        assert (first == second) is folded
        assert len(pen.nodes) == expected
        assert len(set(pools)) == (2 if folded else 3)


def test_convolutions_with_equal_attributes_stay_apart() -> None:
    pen = Drawing(folded=True)
    x = pen.input((1, 3, 8, 8))
    assert pen.conv(x, 3, 3) != pen.conv(x, 3, 3)


def test_repeat_draws_what_a_loop_draws() -> None:
    def draw(block_pen: Drawing, x: int) -> int:
        y = block_pen.relu_conv(x, 4, 3)
        return block_pen.sum([x, block_pen.relu_conv(y, 4, 1), y])

    for folded in (False, True):
        for times in range(4):
            stamped, looped = Drawing(folded), Drawing(folded)
            x = stamped.repeat(lambda x, pen=stamped: draw(pen, x), stamped.input((1, 4, 8, 8)), times)
            y = looped.input((1, 4, 8, 8))
            for _ in range(times):
                y = draw(looped, y)
            assert x == y
            assert stamped.nodes == looped.nodes
            assert stamped.lost_params == looped.lost_params


def test_repeat_of_nothing_is_nothing() -> None:
    pen = Drawing(folded=True)
    x = pen.input((1, 4, 8, 8))
    assert pen.repeat(lambda x: x, x, 5) == x
    assert ops(pen) == ["Input"]


def test_edges_live_only_between_input_and_output() -> None:
    #                 0-1  0-2  1-2  0-3  1-3  2-3
    assert live_edges("111111", "0") == (True,) * 6
    assert live_edges("110000", "0") == (False,) * 6
    assert live_edges("100011", "0") == (True, False, False, False, True, False)
    assert live_edges("001101", "0") == (False, False, False, True, False, False)
    assert live_edges("101001", "0") == (True, False, True, False, False, True)
