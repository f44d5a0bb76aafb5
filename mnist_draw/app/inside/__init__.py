"""The third tab: why a network answers so, how it learns, where it fails."""
