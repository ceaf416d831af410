"""How OpenMP's threads wait for one another (``GOMP_SPINCOUNT``). Import it before torch, which reads it once.

GNU's OpenMP, which torch uses on Linux only, lets a waiting thread run an empty loop ("spin") for some milliseconds
before it sleeps. On a busy machine spinning threads take cores from the thread that they wait for. Sleeping at once
(``OMP_WAIT_POLICY=PASSIVE``) halves the speed of an idle machine, since most waits are shorter than waking a thread
takes. So threads spin for about that long, then sleep. ``python -m ddpm bench waiting`` measures it.
"""

from __future__ import annotations

import os

# Turns of the loop in which a thread spins, some ten nanoseconds each.
SPINS = 10_000

# If the user has set one of these, it is respected.
CHOICES = ("GOMP_SPINCOUNT", "OMP_WAIT_POLICY", "KMP_BLOCKTIME")

if not any(os.environ.get(name) for name in CHOICES):
    os.environ["GOMP_SPINCOUNT"] = str(SPINS)
