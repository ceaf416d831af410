"""Denoising diffusion, in reading order.

1. ``schedule``: the noise levels, adding noise, and turning a prediction into (x0, eps).
2. ``unet``: the network; its layers with a faster way on a CPU are in ``convolution`` and ``dropout``.
3. ``sampling``: DDPM, DDIM and DPM-Solver++ as one generator of steps; their arithmetic is in ``solvers``, their noise
   in ``noise``, the kinds to draw in ``labels``.
4. ``chain``: the reverse process, recorded; ``animation``: as GIF and APNG.
5. ``variants``: a sprite drawn again from a noise level on, in other colours or in another shape.
6. ``plays``: a sprite taken back to a noise level and forward again many times, or morphed into another one.

``memoriser`` is the ideal denoiser of a data set, which can only copy, and ``patch_machine`` that of pixels which see a
window alone, which can only recombine; ``parallel`` runs a network on all cores.
"""
