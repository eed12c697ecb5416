"""What is known of a chosen panel: stability, error bounds, effects, substitutes."""
