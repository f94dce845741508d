"""Many processes: pieces, ghosts, one file from many ranks. On top of all else, and needed only there."""
