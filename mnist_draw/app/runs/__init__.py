"""Runs of the past: listed, compared, continued."""
