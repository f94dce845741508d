"""VTK: datasets made from a plan, and the members of a file made from datasets."""
