"""How much of what a network draws do patches of training sprites explain?

``agreement``: its sprites beside those of the patch machine and of the memoriser, from the same noise. ``reach``: how
far it looks, at each noise level.
"""
