"""What a laboratory asks of a panel before any patient is looked at."""
