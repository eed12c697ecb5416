"""Sample sheets, and which row of them is which sample of a matrix."""
