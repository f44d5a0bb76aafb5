"""Twelve test pictures that a network reads after each epoch."""

from dataclasses import replace

import numpy as np

from mnist_draw.dataset.mnist import load_dataset
from mnist_draw.training.twelve_digits import DigitsRead, choose_twelve


def test_of_mnist_they_are_fixed_and_of_other_data_one_of_each_class_and_by_the_seed():
    mnist = load_dataset()
    twelve = choose_twelve(mnist, seed=7)
    assert twelve.numbers[:4] == (3, 2, 318, 628)
    assert twelve.labels == (0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 2, 6)
    assert (twelve.of, twelve.shows_digits) == (10_000, True)
    names = ("bag", "boot", "coat")
    labels = np.arange(50, dtype=np.uint8) % 3
    other = replace(mnist, test_images=mnist.test_images[:50], test_labels=labels, classes=names)
    chosen = choose_twelve(other, seed=7)
    assert len(set(chosen.numbers)) == 12
    assert chosen.labels[:3] == (0, 1, 2)
    assert not chosen.shows_digits
    assert chosen.numbers == choose_twelve(other, seed=7).numbers
    assert chosen.numbers != choose_twelve(other, seed=8).numbers
    few = replace(other, test_images=other.test_images[:5], test_labels=labels[:5])
    assert sorted(choose_twelve(few).numbers) == [0, 1, 2, 3, 4]


def test_they_are_read_and_what_turns_right_is_known():
    twelve = choose_twelve(load_dataset())
    # Whatever it sees, it answers 6.
    biases = np.zeros(10, np.float32)
    biases[6] = 1
    read = twelve.read("layers:", (np.zeros((784, 10), np.float32), biases))
    assert read.answers == (6,) * 12
    assert read.right == tuple(label == 6 for label in twelve.labels)
    assert read.after(None).turned == ()
    before = DigitsRead((0,) * 12, (True,) + (False,) * 11)
    assert read.after(before).turned == read.right
