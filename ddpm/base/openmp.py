"""How OpenMP's threads wait for one another (``GOMP_SPINCOUNT``). Import it before torch, which reads it once.

GNU's OpenMP, which torch uses on Linux, lets a waiting thread spin for some milliseconds before it sleeps. As soon as
another program wants the cores, the spinning threads take them from the thread that they wait for. Sleeping at once
(``OMP_WAIT_POLICY=PASSIVE``) halves the speed of a quiet machine, since hundreds of waits per call are shorter than
waking a thread takes. So: spin for about as long as that, then sleep. ``python -m ddpm bench waiting`` measures it.

On other systems torch comes with another OpenMP, which does not know the variable.
"""

from __future__ import annotations

import os

# Turns of the loop in which a thread spins, some ten nanoseconds each.
SPINS = 10_000

# If one of these is set, the user has decided.
CHOICES = ("GOMP_SPINCOUNT", "OMP_WAIT_POLICY", "KMP_BLOCKTIME")

if not any(os.environ.get(name) for name in CHOICES):
    os.environ["GOMP_SPINCOUNT"] = str(SPINS)
