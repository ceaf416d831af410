"""uint8 pictures, and what can be worked out from them alone."""
