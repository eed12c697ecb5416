"""Public cohorts, fetched by hash and made ready by a recipe."""
