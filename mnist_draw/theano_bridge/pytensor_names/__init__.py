"""The folder that is served as the package ``theano`` where no Theano is installed."""
