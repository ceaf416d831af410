"""How long a training is, and after which of its steps something is due."""
