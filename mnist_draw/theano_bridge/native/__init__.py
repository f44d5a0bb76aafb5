"""Native training steps: a linker that turns a whole Theano graph into machine code.

``DESIGN.md`` beside this file follows one function from its graph to the threads that run it.
"""
