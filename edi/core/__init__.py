"""Pure values and tables. Nothing here does I/O or reads a clock."""
