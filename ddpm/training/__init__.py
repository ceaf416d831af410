"""How a network learns.

``loop`` is training as a generator of steps, by a recipe from ``recipes``, with an ``optimizer`` and averaged weights
(``ema``), in the order that ``epochs`` gives. ``heldout``, ``loss_window`` and ``clock`` measure it. ``distributed``
shares a training between processes, ``rendezvous`` connects these at the start.
"""
