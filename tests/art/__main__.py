"""``python -m tests.art FILE.npz [COUNT] [SIDE] [KIND]``: write such sprites, with their kinds.

KIND is ``large``, ``tiles``, or ``tiles-aligned`` for tiles with their joints on the border.
"""

import sys
from functools import partial

import numpy as np

from tests.art import large_sprites
from tests.art.tiles import tiles

path, *asked = sys.argv[1:]
count, side, kind = (*asked, *("4000", "32", "large")[len(asked) :])
make = {"large": large_sprites, "tiles": tiles, "tiles-aligned": partial(tiles, shift=False)}[kind]
images, labels, names = make(int(count), side=int(side))
np.savez_compressed(path, images=images, labels=labels, label_names=names)
