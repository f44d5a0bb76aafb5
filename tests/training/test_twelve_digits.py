"""Twelve test pictures that a network reads after each epoch."""

from dataclasses import replace

import numpy as np

from mnist_draw.dataset.mnist import load_dataset
from mnist_draw.training.twelve_digits import DigitsRead, choose_twelve


def test_of_mnist_six_are_random_and_six_hard():
    twelve = choose_twelve(load_dataset())
    assert twelve.numbers[:6] == (6053, 9294, 2081, 7436, 3502, 3490)
    assert twelve.labels == (5, 7, 0, 3, 8, 4, 2, 8, 9, 7, 3, 6)
    assert (twelve.of, twelve.shows_digits, twelve.at_random) == (10_000, True, 6)


def test_of_other_data_hard_ones_are_close_to_another_class():
    mnist = load_dataset()
    names = ("dark", "gray", "light")
    labels = np.arange(300, dtype=np.uint8) % 3
    pictures = np.zeros((300, 1, 28, 28), np.uint8) + 100 * labels[:, None, None, None]
    # These lie between two classes.
    between = list(range(100, 130))
    pictures[between] = 50 + 100 * (labels[between, None, None, None] > 0)
    other = replace(mnist, test_images=pictures, test_labels=labels, classes=names)
    chosen = choose_twelve(other)
    assert len(set(chosen.numbers)) == 12
    assert {*chosen.labels[:3]} == {*chosen.labels[6:9]} == {0, 1, 2}
    assert {*chosen.numbers[6:]} <= {*between}
    assert not chosen.shows_digits
    assert chosen.numbers == choose_twelve(other).numbers


def test_of_few_pictures_each_is_shown_once():
    mnist = load_dataset()
    few = replace(mnist, test_images=mnist.test_images[:8], test_labels=mnist.test_labels[:8])
    twelve = choose_twelve(few)
    assert sorted(twelve.numbers) == list(range(8))
    assert twelve.at_random == 6


def test_they_are_read_and_what_turns_right_is_known():
    twelve = choose_twelve(load_dataset())
    # Whatever it sees, it answers 6.
    biases = np.zeros(10, np.float32)
    biases[6] = 1
    read = twelve.read("layers:", (np.zeros((784, 10), np.float32), biases), 3)
    assert read.answers == (6,) * 12
    assert read.right == tuple(label == 6 for label in twelve.labels)
    assert (read.epoch, read.batch) == (3, 0)
    assert read.after(None).turned == ()
    before = DigitsRead((0,) * 12, (True,) + (False,) * 11)
    assert read.after(before).turned == read.right
