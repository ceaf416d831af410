"""What the words of a report mean, in one line each."""

from __future__ import annotations

RATE_WORDS: dict[str, str] = {
    "exact copy": "Equal to a training sprite in every pixel.",
    "near copy": "Nearer to a training sprite than nearly all training sprites are to one another.",
    "shape known": "Its edges are those of a training sprite (80% or more, and more than chance), and so are its "
    "areas, mirrored or moved by a pixel if need be; of a sprite without visible edges, its grain. "
    "Many real sprites share a shape, so only what lies above the unseen ones says something.",
    "palette novel": "No training sprite has these colours in these amounts.",
    "palette nowhere": "More than a tenth of it has colours that no training sprite has at all.",
    "collage": "Two training sprites side by side explain it, and one alone does not.",
    "low quality": "More stray pixels, colours or haze than nearly all training sprites, pixels in no more order than "
    "confetti, or hardly anything seen.",
}
"""For each of :data:`ddpm.judging.copying.memorization.RATES`."""

LABEL_WORDS: dict[str, str] = {
    "degenerate": "Nothing is drawn on it that can be seen, or it is noise all over.",
    "exact copy": RATE_WORDS["exact copy"],
    "near copy": RATE_WORDS["near copy"],
    "moved copy": "Shape and colours of a training sprite, but mirrored or moved by a pixel.",
    "low quality": RATE_WORDS["low quality"],
    "recolour": "The shape of a training sprite in other colours.",
    "collage": RATE_WORDS["collage"],
    "palette only": "A new shape in the colours of a training sprite.",
    "novel": "Neither its pixels, nor its shape, nor its colours are those of a training sprite.",
}
"""For each of :data:`ddpm.judging.copying.memorization.LABELS`; a sprite gets the first that fits."""

FALSE_POSITIVE_RATE_WORDS = (
    "The share of sprites that the model never saw which would be called near copies by chance. A higher one finds "
    "more copies, and accuses more innocent sprites."
)
EXCESS_WORDS = "The share of samples that unseen real sprites do not explain."
"""Above the floor, see :class:`ddpm.judging.statistics.Proportion`."""
