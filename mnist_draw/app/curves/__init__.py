"""Curves over epochs, drawn with pyqtgraph once the window is up."""
