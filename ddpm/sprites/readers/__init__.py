"""Readers of foreign files: from bytes that are not trusted to uint8 arrays.

:mod:`.arrays` (.npy and .npz), :mod:`.sheet_splitter` (PNG sheets) and :mod:`.folders` (folders of PNGs) are what
``load_sprites`` chooses from; the other modules are what they are made of.
"""
