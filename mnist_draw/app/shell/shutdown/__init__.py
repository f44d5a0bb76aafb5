"""How the window ends, and that nothing is lost then."""
