"""Sprites: from files of many kinds to uint8 arrays, through one door.

``load_sprites(source)`` reads the built-in set, the Kaggle set or a user's file, and returns a :class:`SpriteDataset`.
Whatever is wrong with a source, it raises a :class:`SpriteError` that says what to do.
"""

from ddpm.sprites.dataset import SpriteDataset
from ddpm.sprites.errors import SpriteError
from ddpm.sprites.loading import load_sprites

__all__ = ["SpriteDataset", "SpriteError", "load_sprites"]
