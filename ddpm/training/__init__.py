"""How a network learns.

``loop`` is training as a generator of steps, by a recipe of ``recipes``, with an ``optimizer`` and averaged weights
(``ema``), in the order of ``epochs``. ``heldout``, ``loss_window`` and ``clock`` measure it. ``distributed`` is how
several processes share a training, ``rendezvous`` how they find one another.
"""
