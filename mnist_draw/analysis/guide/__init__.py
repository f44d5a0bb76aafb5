"""The guide through the tab *Inside*: fourteen steps, Markdown with code that runs."""
