"""What the page "How it works" is made of: a subject (model, sprite, noise), scenes about it, and one component.

``subject`` chooses what all scenes are about. Each scene is worked out once for all positions of its slider
(``noise_in``, ``question``, ...) and sent as bytes; ``scene`` shows it, and moving the slider needs no server.
"""
