"""CRC-32C (Castagnoli) of many byte strings at once, with the masking of TFRecord files.

Source: RFC 3720, appendix B.4; the mask is that of the TFRecord format.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

_POLYNOMIAL = 0x82F63B78
_MASK_DELTA = 0xA282EAD8


def _table() -> NDArray[np.uint32]:
    values = np.arange(256, dtype=np.uint32)
    for _ in range(8):
        values = (values >> np.uint32(1)) ^ ((values & np.uint32(1)) * np.uint32(_POLYNOMIAL))
    return values


_TABLE = _table()


def crc32c(messages: Sequence[bytes]) -> NDArray[np.uint32]:
    """The checksum of every message; memory is the number of messages times the longest.

    Shapes: [B].
    """
    lengths = [len(message) for message in messages]
    longest = max(lengths, default=0)
    padded = np.zeros((longest, len(messages)), np.uint8)
    for i, message in enumerate(messages):
        padded[longest - lengths[i] :, i] = np.frombuffer(message, np.uint8)
    state = np.zeros(len(messages), np.uint32)
    start = longest - np.array(lengths, dtype=np.int64)
    starting = {int(place) for place in start}
    for place in range(longest):
        if place in starting:  # messages end together; before its start the state of one is reset
            state[start == place] = 0xFFFFFFFF
        state = _TABLE[(state ^ padded[place]) & 0xFF] ^ (state >> np.uint32(8))
    state[start == longest] = 0xFFFFFFFF  # empty messages
    return state ^ np.uint32(0xFFFFFFFF)


def masked(checksums: NDArray[np.uint32]) -> NDArray[np.uint32]:
    """Checksums as TFRecord files store them. Shapes: [B] -> [B]."""
    rotated = (checksums >> np.uint32(15)) | (checksums << np.uint32(17))
    return rotated + np.uint32(_MASK_DELTA)
