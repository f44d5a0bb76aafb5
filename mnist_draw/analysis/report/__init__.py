"""The results of a network as files: CSV for programs, PNG for slides, one HTML page to read."""
