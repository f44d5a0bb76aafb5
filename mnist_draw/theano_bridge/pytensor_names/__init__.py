"""Theano's modules on PyTensor: ``tensor_nnet.py`` is ``theano.tensor.nnet``."""
