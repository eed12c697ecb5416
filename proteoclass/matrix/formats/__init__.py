"""One reader for each format, and the registry that finds the right one."""
