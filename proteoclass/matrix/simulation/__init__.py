"""A synthetic urine cohort."""
