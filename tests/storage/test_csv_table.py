"""Tables as CSV: what spreadsheets would compute is text."""

import csv
import io

import pytest

from mnist_draw.storage.csv_table import csv_table


@pytest.mark.parametrize("text", ["=1+1", "@sum(A1)", "+cmd", "-x", "\tx", "\r=x"])
def test_texts_are_no_formulas(text):
    ((cell, plain),) = csv.reader(io.StringIO(csv_table([[text, "a,b"]]), newline=""))
    assert (cell, plain) == (f"'{text}", "a,b")


def test_numbers_stay():
    assert csv_table([[-0.5, "-3.5", 7, ""], ["x"]], "\r\n") == "-0.5,-3.5,7,\r\nx\r\n"
