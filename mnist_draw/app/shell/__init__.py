"""The window around the tabs."""
