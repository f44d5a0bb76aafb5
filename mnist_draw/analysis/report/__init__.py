"""The results of a network as files: CSV for programs, PNG for slides, one HTML page to read.

Modules
-------
lettering
    Fonts that have the letters of the classes' names.
charts
    The pictures, painted with Pillow.
page
    The HTML page, which holds its pictures itself.
files
    All of it in a folder.
"""
