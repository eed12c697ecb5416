"""From a cohort's files, as published, to a matrix and a sample sheet: one module a cohort."""
