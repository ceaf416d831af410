"""How a network learns to draw in one to four calls, from a finished one.

``lessons`` are pairs of a noisy sprite and where the finished network leads it; ``loop`` learns them, as a generator of
steps.
"""
