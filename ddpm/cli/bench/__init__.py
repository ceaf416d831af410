"""Speed and learning on this machine, as ratios within one run: absolute times say little on a busy machine."""
