"""Whether ink is one digit, several, or none."""
