"""What stands beside the score on the same folds: rivals it must beat."""
