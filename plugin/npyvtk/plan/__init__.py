"""Meaning: what the arrays of a file are, by their names, shapes and dtypes. No VTK, and no reading."""
