"""The parts of the page *Created or copied?*."""
