"""What a network finds alike."""
