"""Controls: sprites of which it is known whether they are copies, to check that a report tells it.

They are made from the sprites that a model learnt from, and judged like its samples.
"""

from __future__ import annotations

import math
from collections import Counter, deque
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from ddpm.base.blocks import blocks
from ddpm.diffusion.memoriser import PerfectMemoriser
from ddpm.diffusion.sampling import sample
from ddpm.diffusion.schedule import NoiseSchedule
from ddpm.judging.copying.comparison_set import ComparisonSet, check_seen
from ddpm.judging.copying.guards.detection import noisy
from ddpm.judging.copying.memorization import MemorizationReport
from ddpm.pixels.conversion import to_uint8
from ddpm.pixels.foreground import foreground
from ddpm.pixels.oklab import oklab, oklab_to_rgb
from ddpm.pixels.transparency import without_hidden_colours

NOISE_SD = 3
"""Standard deviation of the noise on a near copy, in grey levels: hardly visible."""

_CHROMA = 0.06
# Values of the sprites that a memoriser is given, of 8 bytes each: about 125 MB, 20,000 sprites of 16 by 16.
_REMEMBERED = 20_000 * 768
# So many sprites are read at once in search of those that fit.
_LOOKED_AT = 256


@dataclass(frozen=True)
class Control:
    """Sprites of one origin, and the right answer.

    Attributes:
        title, what, answer: on screen: their name, how they were made, and the right answer.
        is_right: whether a report on them gives this answer.
        make: up to so many of them, from a comparison set.
    """

    title: str
    what: str
    answer: str
    is_right: Callable[[MemorizationReport], bool]
    make: Callable[[ComparisonSet, int, np.random.Generator], np.ndarray]


def make_control(name: str, comparison_set: ComparisonSet, n: int, seed: int = 0) -> np.ndarray:
    """Make the sprites of one of :data:`CONTROLS`.

    Returns:
        uint8 (n, H, W, C), or fewer if the data hold fewer that fit.

    Raises:
        KeyError: for an unknown name.
        ValueError: if n is below 1, or the data hold none that fit; the message is shown on screen.
    """
    control = CONTROLS[name]
    if n < 1:
        raise ValueError(f"n must be at least 1, got {n}")
    check_seen(comparison_set)
    made = control.make(comparison_set, n, np.random.default_rng(seed))
    if not len(made):
        raise ValueError(f"{control.title}: {comparison_set.sprites.name} holds no sprites to make them from.")
    return np.ascontiguousarray(made)


def hue_turned(images: np.ndarray, degrees: float) -> np.ndarray:
    """Images, uint8 (N, H, W, C), with all hues turned in OKLab, lightness and chroma kept as far as sRGB allows.

    Alpha stays as it is.
    """
    lab = oklab(images).astype(np.float64)
    turn = np.exp(1j * np.deg2rad(degrees)) * (lab[..., 1] + 1j * lab[..., 2])
    turned = oklab_to_rgb(np.stack([lab[..., 0], turn.real, turn.imag], axis=-1))
    return np.concatenate([turned, images[..., 3:]], axis=-1)


def moved(images: np.ndarray, dy: int, dx: int) -> np.ndarray:
    """Images, uint8 (N, H, W, C), shifted down and to the right by -1, 0 or 1; their border is repeated."""
    padded = np.pad(images, ((0, 0), (1, 1), (1, 1), (0, 0)), mode="edge")
    height, width = images.shape[1:3]
    return padded[:, 1 - dy : 1 - dy + height, 1 - dx : 1 - dx + width]


def pasted(left: np.ndarray, right: np.ndarray) -> np.ndarray:
    """The left half of each image beside the right half of another; all uint8 (N, H, W, C)."""
    result = left.copy()
    middle = left.shape[2] // 2
    result[:, :, middle:] = right[:, :, middle:]
    return result


def coloured(images: np.ndarray) -> np.ndarray:
    """bool (N,): whether a turned hue would be visible in the foreground of images, uint8 (N, H, W, C)."""
    lab = oklab(images)
    inside = foreground(lab)
    chroma = np.hypot(lab[..., 1], lab[..., 2])
    return (chroma * inside).sum(axis=(1, 2)) > _CHROMA * np.maximum(1, inside.sum(axis=(1, 2)))


def has_room(images: np.ndarray) -> np.ndarray:
    """bool (N,): whether images, uint8 (N, H, W, C), lose no foreground when shifted by a pixel."""
    inside = foreground(oklab(images))
    at_edge = inside[:, [0, -1]].any(axis=(1, 2)) | inside[:, :, [0, -1]].any(axis=(1, 2))
    return np.asarray(inside.any(axis=(1, 2)) & ~at_edge)


_SHIFTS = [(dy, dx) for dy in (-1, 0, 1) for dx in (-1, 0, 1) if dy or dx]


def _chosen(
    comparison_set: ComparisonSet,
    rows: np.ndarray,
    n: int,
    random: np.random.Generator,
    fits: Callable[[np.ndarray], np.ndarray] | None = None,
) -> np.ndarray:
    """Up to n of the sprites in these rows that fit, drawn without replacement."""
    order = random.permutation(rows)
    sprites = comparison_set.sprites.images
    found: list[np.ndarray] = [np.empty((0, *sprites.shape[1:]), np.uint8)]
    count = 0
    for part in blocks(len(order), max(n, _LOOKED_AT)):
        images = sprites[order[part]]
        found.append(images if fits is None else images[fits(images)])
        count += len(found[-1])
        if count >= n:
            break
    return np.concatenate(found)[:n]


def _moved_copies(comparison_set: ComparisonSet, n: int, random: np.random.Generator) -> np.ndarray:
    images = _chosen(comparison_set, comparison_set.seen, n, random, has_room)
    # Shifted as well, since most sets also hold the mirror images.
    result = np.where((random.random(len(images)) < 0.5)[:, None, None, None], images[:, :, ::-1], images)
    which = random.integers(0, len(_SHIFTS), len(images))
    for number, (dy, dx) in enumerate(_SHIFTS):
        result[which == number] = moved(result[which == number], dy, dx)
    return result


def _collages(comparison_set: ComparisonSet, n: int, random: np.random.Generator) -> np.ndarray:
    images = _chosen(comparison_set, comparison_set.seen, 2 * n, random, _has_foreground)
    half = len(images) // 2
    return pasted(images[:half], images[half : 2 * half])


def _by_heart(comparison_set: ComparisonSet, n: int, random: np.random.Generator) -> np.ndarray:
    most = max(1, _REMEMBERED // math.prod(comparison_set.sprites.images.shape[1:]))
    learnt = _chosen(comparison_set, comparison_set.seen, most, random)
    schedule = NoiseSchedule(1000, "cosine")
    seed = int(random.integers(2**31))
    (last,) = deque(sample(PerfectMemoriser(learnt, schedule), schedule, n, "fast", seed=seed), maxlen=1)
    return to_uint8(last.x0)


def _noise(comparison_set: ComparisonSet, n: int, random: np.random.Generator) -> np.ndarray:
    shape = comparison_set.sprites.images.shape[1:]
    made = random.integers(0, 256, (n, *shape), dtype=np.uint8)
    if shape[2] == 4:
        # Half of the pixels transparent, the others opaque: what settling alpha would make of a network's noise.
        made[..., 3] = np.where(made[..., 3] >= 128, 255, 0)
        made = without_hidden_colours(made)
    return made


def _has_foreground(images: np.ndarray) -> np.ndarray:
    """bool (N,): an empty sprite with noise is a copy of nothing."""
    return np.asarray(foreground(oklab(images)).any(axis=(1, 2)))


def _labelled(*labels: str, least: float) -> Callable[[MemorizationReport], bool]:
    def is_right(report: MemorizationReport) -> bool:
        counts = Counter(report.labels)
        return sum(counts[label] for label in labels) >= least * len(report.labels)

    return is_right


def _noise_found(report: MemorizationReport) -> bool:
    copied = any(report.rates[name].count for name in ("exact copy", "near copy", "shape known", "collage"))
    return not copied and report.rates["low quality"].rate == 1


CONTROLS: dict[str, Control] = {
    "copies": Control(
        "Copies",
        "Sprites that the model learnt from, pixel for pixel.",
        "Every one is an exact copy.",
        _labelled("exact copy", least=1),
        lambda data, n, random: _chosen(data, data.seen, n, random),
    ),
    "memoriser": Control(
        "Learnt by heart",
        "Drawn from noise by a perfect memoriser of the sprites that the model learnt from (of a large set, of a part "
        "of them): no model makes a smaller error in training.",
        "Nearly every one is an exact copy: least error in training is copying.",
        _labelled("exact copy", least=0.95),
        _by_heart,
    ),
    "near copies": Control(
        "Copies with noise",
        f"Sprites that it learnt from, each value off by about {NOISE_SD} of 255.",
        "At a false-positive rate of 1% nearly all are near copies, and none is an exact one.",
        lambda report: report.rates["near copy"].rate >= 0.98 and report.rates["exact copy"].count == 0,
        lambda data, n, random: noisy(_chosen(data, data.seen, n, random, _has_foreground), random, NOISE_SD),
    ),
    "moved copies": Control(
        "Moved copies",
        "Sprites that it learnt from, shifted by a pixel, half of them mirrored as well.",
        "Nearly all are copies, if moved ones; the pixels alone would not show it.",
        _labelled("exact copy", "near copy", "moved copy", least=0.95),
        _moved_copies,
    ),
    "recolours": Control(
        "Recoloured",
        "Sprites that it learnt from, with every hue turned to its opposite.",
        "No copies by pixels, yet nearly all shapes are known: recolours.",
        lambda report: report.rates["exact copy"].count == 0 and report.rates["shape known"].rate >= 0.95,
        lambda data, n, random: hue_turned(_chosen(data, data.seen, n, random, coloured), 180),
    ),
    "collages": Control(
        "Collages",
        "The left half of one sprite that it learnt from beside the right half of another.",
        "Far more collages than among real sprites.",
        lambda report: report.rates["collage"].low > (report.rates["collage"].floor or 0.0),
        _collages,
    ),
    "unseen": Control(
        "Unseen sprites",
        "Real sprites of the same set that the model never saw.",
        "No more near copies than the false-positive rate allows: nothing was copied here.",
        lambda report: report.rates["exact copy"].count == 0 and report.rates["near copy"].low <= report.effective_rate,
        lambda data, n, random: _chosen(data, data.unseen, n, random),
    ),
    "noise": Control(
        "Noise",
        "Every pixel in a random colour.",
        "Nothing is known or copied, and nothing is a drawing, either.",
        _noise_found,
        _noise,
    ),
}
"""In the order in which they are shown."""
