"""What out-of-fold scores are worth: one file a kind of figure."""
