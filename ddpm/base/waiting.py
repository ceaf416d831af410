"""How the threads of one torch operation wait for one another; must be imported before torch, which reads it once.

GNU's OpenMP, which torch brings along on Linux, lets a thread that waits spin for some milliseconds before it sleeps.
As soon as another program wants the cores, what spins takes them from what is waited for. To sleep at once
(``OMP_WAIT_POLICY=PASSIVE``) costs a quiet machine half of its speed, since hundreds of waits a call are shorter than
it takes to wake a thread. So: spin for about as long as that, then sleep. ``python -m ddpm bench waiting`` measures it.

On other systems torch brings another OpenMP, which does not know the variable.
"""

from __future__ import annotations

import os

# Turns of the loop in which a thread waits, some ten nanoseconds each; the library's own number is 300,000.
SPINS = 10_000

# With one of these the user has decided.
CHOICES = ("GOMP_SPINCOUNT", "OMP_WAIT_POLICY", "KMP_BLOCKTIME")

if not any(os.environ.get(name) for name in CHOICES):
    os.environ["GOMP_SPINCOUNT"] = str(SPINS)
