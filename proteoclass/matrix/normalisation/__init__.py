"""Steps that make samples comparable: learnt on training samples, or told by the sheet."""
