"""What one can do with a single sprite and a model, beside drawing from noise."""
