"""Picture files of every usual kind, and .zip archives of them, as uint8 RGBA frames."""
