"""The guide through the tab *Inside*: fourteen steps, Markdown with code that runs.

``steps``
    Reads them. Each file is one step: its title, a comment that says what to show, a first
    paragraph that fits beside the picture, and all that is to be said beyond it.
"""
