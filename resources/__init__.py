"""Files that ship with the program: the MNIST digits, trained networks and icons."""
