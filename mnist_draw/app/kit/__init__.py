"""Shapes that every room uses: theme, widgets, painters, threads, messages."""
