"""The pictures of the reports: each takes a tidy frame and returns one SVG element."""
