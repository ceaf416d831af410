"""Where kind, shape and palette are decided: 1. ``curves``, as measured; 2. ``stored``, once for each model."""
