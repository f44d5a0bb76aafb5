"""Runs on disk: what they were asked to do, how they went, and how to go on."""
