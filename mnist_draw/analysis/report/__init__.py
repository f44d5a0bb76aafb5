"""The results of a network as files: CSV for programs, PNG for slides, one HTML page to read.

============  ===================================================================
`charts`      the pictures, painted with Pillow
`page`        the HTML page, which holds its pictures itself
`files`       all of it in a folder
============  ===================================================================
"""
