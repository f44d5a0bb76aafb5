"""Networks, runs and data sets: listed, described, written for other programs."""
