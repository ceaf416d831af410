"""A distillation as a process: its request, its plan, and the job itself, in a run folder like that of a training."""
