"""The paper, in reading order: schedule, unet, sampling, chain. Memoriser: the model that can only copy."""
