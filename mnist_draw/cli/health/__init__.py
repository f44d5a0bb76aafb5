"""Whether this installation is sound."""
