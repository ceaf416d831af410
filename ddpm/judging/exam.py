"""The exam of the built-in set: does a model combine shapes and palettes that it never saw together?

A tenth of the pairs (shape, palette) of the set was withheld from training. A sample gets the shape and the palette of
the nearest sprite that the generator can make; it counts if this pair is in the set, and it looks like that sprite:
noise has a nearest sprite, too, and shows none.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, fields
from typing import Any

import numpy as np

from ddpm.judging.statistics import Proportion, proportion
from ddpm.pixels.conversion import require_sprites
from ddpm.pixels.neighbors import nearest, rms_grey_levels
from ddpm.sprites import SpriteDataset
from ddpm.sprites.builtin import BuiltinSprites, expected_exam_share, name_sprites, observed_exam_share
from ddpm.sprites.builtin.draw import SIZE
from ddpm.sprites.builtin.naming import Naming

_LEAST_WITHHELD = 5
_ALIKE = 50.0
"""Root mean square in grey levels. Measured: sprites with noise of sd 50 lie within 44 of theirs, halves of two
different ones 58 and more off, confetti 88, noise 100."""


@dataclass(frozen=True)
class Exam:
    """The result of the exam.

    Attributes:
        observed: the withheld pairs among the samples that count, with interval; its floor is None. A sample counts if
            its pair is in the set and it looks like it.
        expected: the share of withheld pairs if shape and palette were chosen independently within a kind; None if no
            sample counts. A model that only copies would show 0.
        near_training, near_exam: near copies of a training sprite, and of a withheld one.
        training_sprites, exam_sprites: how many of each there are.
        copy_ratio: near copies per training sprite over near copies per withheld sprite: 1 if it makes no difference;
            None without any of the latter.
        copy_ratio_low, copy_ratio_high: its 95% interval (Katz et al. 1978).
    """

    observed: Proportion
    expected: float | None
    near_training: int
    near_exam: int
    training_sprites: int
    exam_sprites: int
    copy_ratio: float | None
    copy_ratio_low: float | None
    copy_ratio_high: float | None

    @property
    def sentence(self) -> str:
        """The result in words."""
        if self.expected is None:
            return "No sample is a known combination of shape and colours: the exam says nothing."
        conclusion = "too few samples to tell"
        if self.observed.high < self.expected:
            conclusion = "it keeps to the combinations that it saw"
        elif self.observed.low >= self.expected / 2 and self.observed.count >= _LEAST_WITHHELD:
            conclusion = "it recombines what it knows"
        return (
            f"{self.observed.count:,} of {self.observed.n:,} samples with a known pair of shape and colours show a "
            f"pair that was withheld ({self.observed.rate:.1%}); free recombination would give {self.expected:.1%}: "
            f"{conclusion}."
        )

    def to_dict(self) -> dict[str, Any]:
        """JSON values."""
        plain = {name: getattr(self, name) for name in self.__dataclass_fields__}
        return {**plain, "observed": self.observed.to_dict(), "sentence": self.sentence}


def take_exam(samples: np.ndarray, sprites: SpriteDataset, seen: np.ndarray, near_distance: int) -> Exam | None:
    """Grade samples of a model that was trained on the built-in set; None if ``sprites`` is another set or size.

    Args:
        samples: uint8 (N, H, W, C), of the size of the sprites.
        seen: int64, the rows that the model learnt from.
        near_distance: squared distance up to which a sample is a near copy.

    Raises:
        TypeError, ValueError: as :func:`ddpm.pixels.conversion.require_sprites`, and if the sprites have another size.
    """
    samples, images = require_sprites(samples=samples, sprites=sprites.images)
    withheld = sprites.exam()
    if sprites.shape_ids is None or sprites.palette_ids is None or sprites.labels is None or not len(withheld):
        return None
    # Names are known of what the generator draws as it draws it: not of the same sprites cut out or enlarged.
    if images.shape[1:] != (SIZE, SIZE, 3):
        return None
    mask = np.zeros(len(sprites), bool)
    mask[withheld] = True
    drawn = BuiltinSprites(
        sprites.images,
        np.asarray(sprites.labels),
        sprites.label_names or (),
        np.asarray(sprites.shape_ids),
        np.asarray(sprites.palette_ids),
        mask,
    )
    naming = _resembling(name_sprites(samples), samples[0].size)
    pairs = set(zip(drawn.shape_ids.tolist(), drawn.palette_ids.tolist(), strict=True))
    counted = sum(pair in pairs for pair in zip(naming.shape.tolist(), naming.palette.tolist(), strict=True))
    hits = round(observed_exam_share(naming, drawn) * counted) if counted else 0
    expected = expected_exam_share(naming, drawn)
    to_train = nearest(samples, sprites.images[seen], 1)[1][:, 0]
    to_exam = nearest(samples, sprites.images[withheld], 1)[1][:, 0]
    near_training = int(((to_train <= near_distance) & (to_train <= to_exam)).sum())
    near_exam = int(((to_exam <= near_distance) & (to_exam < to_train)).sum())
    ratio, low, high = _risk_ratio(near_training, len(seen), near_exam, len(withheld))
    return Exam(
        observed=proportion(hits, counted),
        expected=expected if math.isfinite(expected) else None,
        near_training=near_training,
        near_exam=near_exam,
        training_sprites=len(seen),
        exam_sprites=len(withheld),
        copy_ratio=ratio,
        copy_ratio_low=low,
        copy_ratio_high=high,
    )


def _resembling(naming: Naming, values: int) -> Naming:
    """The names of those samples that look like what they are named after."""
    alike = rms_grey_levels(naming.distance, values) <= _ALIKE
    return Naming(*(getattr(naming, field.name)[alike] for field in fields(Naming)))


def _risk_ratio(a: int, n: int, b: int, m: int) -> tuple[float | None, float | None, float | None]:
    """(a / n) / (b / m), with an interval that is symmetric in the logarithm."""
    if not b:
        return None, None, None
    ratio = (a / n) / (b / m)
    if not a:
        return 0.0, 0.0, None
    spread = 1.96 * math.sqrt(1 / a - 1 / n + 1 / b - 1 / m)
    return ratio, ratio * math.exp(-spread), ratio * math.exp(spread)
