"""The drawing board. It knows no network."""
