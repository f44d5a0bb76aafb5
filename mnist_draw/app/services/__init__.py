"""What works off the GUI thread."""
