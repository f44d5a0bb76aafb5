"""Curves over epochs, drawn with pyqtgraph once the window is up.

Modules
-------
lazy_plots
    Imports pyqtgraph in a thread and builds the plots between events.
curve_card
    A card with a plot, its legend and its menu.
loss_and_accuracy
    The two plots of a run.
curve_tools
    Reading, zooming and marking a plot.
axes
    The axes, and a new plot that has them.
series
    Curves of any length from few points, without Qt.
"""
