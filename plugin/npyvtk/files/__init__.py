"""Bytes: files, headers, archives, the arrays in them. No VTK, and no meaning."""
