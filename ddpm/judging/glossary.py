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

TERM_WORDS: dict[str, str] = {
    "unseen": "What real sprites of the same set show that the model never saw, counted in the same way. Sprites of "
    "one set look alike, so only what lies above this says something about the model.",
    "by chance": "The limit of a near copy is set so that this share of unseen sprites would lie within it (the "
    "false-positive rate). How many of them really did is the share of the unseen; with few sprites the two differ. A "
    "higher one finds more copies, and accuses more innocent sprites.",
    "interval": "How sure a rate is with so few samples: the true one lies in it 19 times of 20.",
    "excess": "Of all that could lie above the unseen sprites, for near copies above chance, the share that does: 60% "
    "where the unseen show 20% is half of what could be, an excess of 50%.",
    "grey levels": "The typical difference of a pixel's red, green or blue, from 0, the same, to 255.",
    "believable": "A small network was taught to tell sprites from spoilt ones: joined wrongly, blurred, shuffled. A "
    "drawing is believable if the network believes in it more than in the weakest 5% of real sprites.",
    "distance in form": "How far the samples as a whole are from real sprites, as a network sees them that was taught "
    "to see forms (Fréchet ratio). 1: as near as real sprites are to one another. Copies would be as near.",
    "distance in texture": "The same, as networks with random weights see them (Fréchet ratio): these see colours and "
    "textures, and take soft shapes without a face for sprites.",
    "named by readers": "People who did not know what was whose looked at 64 drawings and at 64 real sprites, and told "
    "for how many they would bet on a name for what is shown.",
    "right kind": "Of sprites asked for by kind, the share that a classifier takes for that kind.",
    "haze": "The share of the background that is not quite its colour.",
    "stray pixels": "Pixels of a sprite without a neighbour of their colour.",
    "colours": "Colours in a sprite, those that look alike counted once.",
    "dark outlines": "How much darker the edge of a drawing is than its inside, from 0 to 1.",
    "outlines": "Where neighbouring pixels differ in colour; the share of them that two sprites have in common.",
    "palette": "The colours of a drawing and how much there is of each, without the background.",
    "C_T": "Whether the samples lie nearer to the training sprites than unseen ones do: below -3 they do, and are "
    "copies; far above 0 they lie further away (Meehan et al. 2020).",
    "AUC": "How well the model's errors tell what it learnt from: 0.5 is guessing, 1 is always.",
    "exam": "A tenth of all pairs of a shape and a palette was withheld from the training. A model that only copies "
    "never draws one of them; one that puts shapes and palettes together freely does, as often as chance says.",
}
"""The other terms of a report; on a page each is explained where it stands, on click."""
