"""Foreign files, one kind a module: from bytes that are not trusted to uint8 arrays."""
