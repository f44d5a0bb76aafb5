"""Where training data comes from: the kinds of files and folders that can be learnt.

Modules
-------
source
    What a reader finds: pictures with their labels, in one to three parts.
idx_files
    A folder with IDX files: MNIST's, and those of its relatives under their own names.
npz_files
    NumPy's files: Keras' ``mnist.npz``, KMNIST, MedMNIST.
tables
    Kaggle's tables: a label and 784 pixels in each line.
picture_folders
    Pictures in a folder for each class.
names
    Files that name the classes, and the names of well-known data sets' classes.
arrays
    Checks arrays of pictures and labels that a file holds.
split
    Sets pictures aside for validation and for the test where a source does not.
"""
