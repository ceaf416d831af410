"""uint8 pictures and what is computed from them alone: colours, foreground, traits, duplicates, exports."""
