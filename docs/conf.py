"""The reference of mnist_draw, built from its docstrings: ``python -m sphinx docs build/docs``."""

import os

import mnist_draw

# The window's modules are imported to be read, on computers without a display too.
os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

project = "mnist_draw"
author = "The authors of mnist_draw"
release = version = mnist_draw.__version__
extensions = ["sphinx.ext.autodoc", "sphinx.ext.autosummary", "numpydoc"]
templates_path = ["templates"]
html_theme = "alabaster"
html_theme_options = {"description": "Draw a digit, train the network that reads it"}
autosummary_generate = True
autodoc_member_order = "bysource"
autodoc_typehints = "none"
default_role = "py:obj"
numpydoc_show_class_members = False
# Names in docstrings that lead nowhere are plain text.
nitpicky = False
