"""``python -m tests.art FILE.npz [COUNT] [SIDE]``: write such sprites, with their kinds."""

import sys

import numpy as np

from tests.art import large_sprites

path, *sizes = sys.argv[1:]
count, side = (int(size) for size in (*sizes, *("4000", "32")[len(sizes) :]))
images, labels, names = large_sprites(count, side=side)
np.savez_compressed(path, images=images, labels=labels, label_names=names)
