"""What runs on PyVista's side: its reader and writer of ``.npy`` and ``.npz``, and the picture of the command ``show``.

The only code that imports ``pyvista``, beside `npyvtk`, which does without. PyVista finds the reader and the writer by
the entry points of the installed project; only the command ``show`` imports this by itself.
"""
