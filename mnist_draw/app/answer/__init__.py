"""What the program says of a drawing, and why. It knows no board."""
