"""`Floats`: the array type that most signatures speak of; shapes stand in their docstrings."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
