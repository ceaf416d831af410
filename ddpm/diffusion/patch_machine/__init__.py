"""A denoiser that knows patches of the training sprites, and nothing of the whole.

``machine`` is the model; ``places`` says which windows may be compared, ``posterior`` weighs them in one pass, and
``window`` says how large they are at each noise level.
"""
