"""The graph of a function: as it is written beside as Theano compiles it."""
