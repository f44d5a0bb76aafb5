"""All trained networks in one place: used, renamed, deleted, opened, saved."""
