"""What is served where no Theano is installed.

============== ======================
module         job
============== ======================
``theano``     the package ``theano``
============== ======================
"""
