"""Plays with a drawn sprite.

1. ``rewinding``: back to a noise level, and many times forward again.
2. ``morphing``: from one sprite to another, in pictures that are sprites, too.
3. ``filling``: the rest of a sprite of which a part is given.
"""
