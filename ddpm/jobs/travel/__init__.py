"""A run as one file, to bring it to another computer: for drawing, not for resuming.

``exporting`` makes the file, ``importing`` checks it as any foreign file and makes a run of it. Between them stand
``contents`` (what travels, and what is left behind) and ``run_archive`` (the zip, read with suspicion).
"""
