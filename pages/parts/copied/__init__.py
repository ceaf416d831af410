"""The own parts of the page *Created or copied?*."""
