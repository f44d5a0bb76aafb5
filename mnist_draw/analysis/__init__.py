"""What can be computed about a trained network, for the tab *Inside* and for reports; no Qt."""
