"""Variants of a sprite, on purpose.

1. ``levels``: how strongly: from which noise level on it is drawn again.
2. ``redrawing``: the same shape in other colours, another shape in the same colours, or simply something alike.
"""
