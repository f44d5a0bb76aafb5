"""Right and wrong answers, on pictures as they are and changed; the report on them."""

import csv
import dataclasses
import re
from xml.etree import ElementTree

import numpy as np
import pytest
from linear_network import linear_model
from scipy.special import softmax

from mnist_draw.analysis import report, robustness
from mnist_draw.analysis import results as results_module
from mnist_draw.analysis.pictures import SLICE, Pictures
from mnist_draw.analysis.report import write_report
from mnist_draw.analysis.result_tables import accuracy_figure
from mnist_draw.analysis.results import (
    Calibration,
    Results,
    count_results,
    find_mistakes,
    wilson,
)
from mnist_draw.analysis.robustness import AXES, SETTINGS, Limits, altered, count_limits
from mnist_draw.analysis.table import Figure, Table, percent
from mnist_draw.dataset.mnist import load_dataset, scale
from mnist_draw.errors import StorageError
from mnist_draw.i18n import format_percent
from mnist_draw.library.networks import list_shipped
from mnist_draw.recognition.recogniser import Recogniser
from mnist_draw.storage import cache


def results_of(answers, classes=3):
    """Return the results of (true, read, how sure)."""
    rows = np.empty((len(answers), classes), np.float32)
    for row, (_, read, sure) in zip(rows, answers, strict=True):
        row[:] = (1 - sure) / (classes - 1)
        row[read] = sure
    labels = np.array([true for true, _, _ in answers], np.uint8)
    return Results(rows, labels, 1.0, len(answers))


def never(model):
    raise AssertionError("counted again")


@pytest.fixture(scope="module")
def test_set(digits):
    return Pictures(digits.test_images, digits.test_labels, "MNIST <test>", "Test picture")


@pytest.fixture(scope="module")
def counted(test_set):
    """Return the linear network, the pictures and their results, computed without the program."""
    weights, bias = linear_model().parameters
    scores = scale(test_set.images).reshape(200, 784) @ weights + bias
    return linear_model(), test_set, Results(softmax(scores, axis=1), test_set.labels, 1.0, 200)


FEW = results_of(
    [(0, 0, 0.99), (0, 1, 0.95), (1, 1, 0.8), (1, 1, 0.4), (2, 1, 0.6), (2, 2, 0.7), (0, 1, 0.97)],
)


def test_the_confusion_matrix_has_a_row_for_each_true_class():
    assert FEW.confusion.tolist() == [[1, 2, 0], [0, 2, 0], [0, 1, 1]]
    np.testing.assert_allclose(FEW.recall, [1 / 3, 1, 1 / 2])
    np.testing.assert_allclose(FEW.precision, [1, 2 / 5, 1])
    assert FEW.accuracy == pytest.approx(4 / 7)
    assert (FEW.wrong, FEW.weakest, FEW.sure_and_wrong) == (3, 0, 2)
    # A class without pictures or answers has no share.
    few = results_of([(0, 0, 0.9), (0, 1, 0.8)])
    assert np.isnan(few.recall[1:]).all()
    assert np.isnan(few.precision[2])
    assert few.weakest == 0


def test_a_network_has_one_accuracy_wherever_it_is_shown():
    results = results_of([(0, int(place == 2), 0.9) for place in range(3)])
    assert accuracy_figure(results)[0] == format_percent(results.accuracy) == "66.67%"


def test_the_surest_mistake_comes_first():
    assert FEW.mistakes().tolist() == [6, 1, 4]
    assert FEW.pictures_of(0, 1).tolist() == [6, 1]
    # Among right answers the doubtful ones are worth a look.
    assert FEW.pictures_of(1, 1).tolist() == [3, 2]
    assert FEW.pictures_of(1, 2).tolist() == []
    assert FEW.most_taken(5) == [(0, 1, 2), (2, 1, 1)]


def test_the_least_sure_come_first():
    assert FEW.least_sure().tolist() == [3, 4, 5, 2, 1, 6, 0]


def test_the_loss_is_the_networks_own_and_confidence_is_calibrated():
    warm = Results(FEW.probabilities, FEW.labels, 2.0, 7)
    assert warm.loss == FEW.loss
    assert FEW.loss == pytest.approx(
        -np.mean(np.log([0.99, 0.025, 0.8, 0.4, 0.2, 0.7, 0.015])),
        rel=1e-5,
    )
    assert (warm.confidence[:2] < FEW.confidence[:2]).all()


def test_each_answer_lies_in_one_range_of_confidence():
    sure = [0.0, 0.499, 0.5, 0.9, 0.949, 0.99, 1.0]
    rows = np.zeros((len(sure), 2), np.float32)
    rows[:, 0], rows[:, 1] = sure, -1
    results = Results(rows, np.zeros(len(sure), np.uint8), 1.0, len(sure))
    found = {(part.low, part.high): part.count for part in results.reliability}
    assert found == {(0, 0.5): 2, (0.5, 0.6): 1, (0.9, 0.95): 2, (0.99, 1.0): 2}


def _drawn(temperature, count=20_000):
    """Return answers of an accurate network, whose logits are then divided by a temperature."""
    random = np.random.default_rng(0)
    # Nine of ten answers are all but certain, the others doubtful.
    gap = np.where(random.random(count) < 0.9, 8.0, random.uniform(0.0, 3.0, count))
    right = random.random(count) < 1 / (1 + np.exp(-gap))
    first = 1 / (1 + np.exp(-gap / temperature))
    rows = np.stack([first, 1 - first], axis=1).astype(np.float32)
    return Results(rows, np.where(right, 0, 1).astype(np.uint8), 1.0, count)


@pytest.mark.parametrize(
    ("results", "found"),
    [
        (_drawn(1.0), Calibration.AGREES),
        (_drawn(0.5), Calibration.TOO_SURE),
        (_drawn(2.0), Calibration.TOO_MODEST),
        (_drawn(1e-3), Calibration.TOO_SURE),
    ],
    ids=["calibrated", "sharpened", "softened", "always 100%"],
)
def test_calibration_is_judged_where_the_network_doubts(results, found):
    assert results.accuracy > 0.97
    # The mean gap of all answers would let each of them pass.
    assert abs(results.confidence.mean() - results.accuracy) < 0.03
    assert results.calibration is found


def test_wilsons_interval():
    # statsmodels.stats.proportion.proportion_confint(8, 10, method="wilson")
    assert wilson(8, 10) == pytest.approx((0.49016, 0.94332), abs=1e-5)
    assert wilson(0, 5)[0] == 0
    assert all(wilson(count, count)[1] == 1 for count in range(1, 30))
    assert wilson(990, 1000)[0] > wilson(99, 100)[0]


def test_counting_asks_the_network_itself(counted):
    model, pictures, expected = counted
    steps = list(count_results(model, pictures))
    assert [step.counted for step in steps] == [SLICE, 128, 192, 200]
    assert [step.is_complete for step in steps] == [False, False, False, True]
    assert len(steps[0].labels) == SLICE
    np.testing.assert_allclose(steps[-1].probabilities, expected.probabilities, atol=1e-5)


def test_what_was_counted_is_kept(test_set, monkeypatch):
    for _ in range(2):
        # A count that was stopped is not stored.
        assert next(count_results(linear_model(), test_set)).counted == SLICE
    *_, first = count_results(linear_model(), test_set)
    monkeypatch.setattr(results_module, "Recogniser", never)
    (second,) = count_results(linear_model(), test_set)
    np.testing.assert_array_equal(first.probabilities, second.probabilities)
    assert second.confusion.tolist() == first.confusion.tolist()


@pytest.mark.parametrize(
    "arrays",
    [
        {},
        {"probabilities": np.zeros((3, 10), np.float32)},
        {"probabilities": np.zeros((200, 10), np.float64)},
        {"probabilities": np.full((200, 10), np.nan, np.float32)},
    ],
)
def test_what_is_kept_but_makes_no_sense_is_counted_anew(arrays, test_set, monkeypatch):
    monkeypatch.setattr(cache, "read", lambda *_: arrays)
    *_, last = count_results(linear_model(), test_set)
    assert last.accuracy > 0.75


SVG = "{http://www.w3.org/2000/svg}"


def named(names):
    return linear_model().with_info(classes=names)


def rows_of(path):
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.reader(file))


def test_everything_is_written(counted, tmp_path):
    _, _, results = counted
    page = write_report(tmp_path / "a" / "b", *counted)
    assert page == tmp_path / "a" / "b" / "report.html"
    folder = page.parent
    matrix = rows_of(folder / "confusion.csv")
    assert [[int(cell) for cell in row[1:11]] for row in matrix[1:11]] == results.confusion.tolist()
    assert float(matrix[1][11]) == pytest.approx(results.recall[0], abs=1e-6)
    classes = rows_of(folder / "classes.csv")
    assert [float(row[5]) for row in classes[1:]] == pytest.approx(results.precision, abs=1e-6)
    mistakes = rows_of(folder / "mistakes.csv")[1:]
    assert [int(row[0]) for row in mistakes] == results.mistakes().tolist()
    assert sum(int(row[2]) for row in rows_of(folder / "reliability.csv")[1:]) == 200
    text = page.read_text(encoding="utf-8")
    table = ElementTree.fromstring(re.search(r'<table class="confusion">.*?</table>', text)[0])
    shown = [[cell.text or "0" for cell in row[1:11]] for row in table[1:11]]
    assert shown == results.confusion.astype(str).tolist()
    assert text.count("<figure") == results.wrong
    drawn = ElementTree.parse(folder / "reliability.svg").getroot()
    assert len(list(drawn.iter(f"{SVG}circle"))) == len(results.reliability)


_SOURCES = ("src", "href", "{http://www.w3.org/1999/xlink}href")


def sources(text):
    """Return what a page refers to, once all its tags are closed."""
    whole = re.sub(r"<((?:meta|img|br)\b[^>]*?)/?>", r"<\1/>", text[text.index("<html") :])
    page = ElementTree.fromstring(whole)
    return [each.get(name) for each in page.iter() for name in _SOURCES if each.get(name)]


def test_the_page_needs_nothing_else(counted, tmp_path):
    text = write_report(tmp_path / "r", *counted).read_text(encoding="utf-8")
    found = sources(text)
    assert len(found) == counted[2].wrong
    assert all(source.startswith("data:image/png;base64,") for source in found)
    assert "url(" not in text
    assert "<script" not in text
    assert "MNIST &lt;test&gt;" in text
    assert f"{100 * counted[2].accuracy:.2f}%" in text


def test_nothing_in_the_page_is_obeyed_instead_of_read(counted, tmp_path):
    model, pictures, results = counted
    data = dataclasses.replace(pictures, name="\u202edata\n")
    model = model.with_info(name="a\x1b[31m\u202eb\nc")
    text = write_report(tmp_path / "r", model, data, results).read_text(encoding="utf-8")
    heading = "a\\u001b[31m\\u202eb\\u000ac on \\u202edata\\u000a"
    assert f"<h1>{heading}</h1>" in text
    assert f"<title>{heading}</title>" in text
    assert not set(text) & set("\x1b\u202e")


def test_many_mistakes_are_not_all_shown_and_classes_have_their_names(
    counted,
    tmp_path,
    monkeypatch,
):
    model, pictures, results = counted
    monkeypatch.setattr(report, "MAX_SHOWN", 3)
    page = write_report(tmp_path / "r", model.with_info(refused=0.9), pictures, results)
    text = page.read_text(encoding="utf-8")
    assert len(sources(text)) == 3
    assert "first 3 of" in text
    assert "class 3" in text
    right = Results(np.eye(10, dtype=np.float32), np.arange(10, dtype=np.uint8), 1.0, 10)
    page = write_report(tmp_path / "r", model, pictures, right)
    assert "100%" in page.read_text(encoding="utf-8")


def test_a_folder_that_cannot_be_made(counted, tmp_path, monkeypatch):
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(StorageError, match=r"The folder .* cannot be created"):
        write_report(tmp_path / "file", *counted)
    monkeypatch.chdir(tmp_path)
    with pytest.raises(StorageError, match="the name given is empty"):
        write_report("", *counted)
    assert not (tmp_path / report.PAGE).exists()


@pytest.mark.parametrize("name", ["report.html", "classes.csv", "reliability.svg"])
def test_files_of_others_are_not_replaced(name, counted, tmp_path):
    folder = tmp_path / "r"
    folder.mkdir()
    (folder / name).write_text("mine")
    with pytest.raises(StorageError, match=rf"would replace .*{re.escape(name)}.* unchanged"):
        write_report(folder, *counted)
    assert [path.read_text() for path in folder.iterdir()] == ["mine"]


def test_an_earlier_report_is_replaced(counted, tmp_path):
    page = write_report(tmp_path, *counted)
    before = page.read_bytes()
    # Whole, or broken off after its page.
    for _ in range(2):
        assert write_report(tmp_path, *counted).read_bytes() == before
        (tmp_path / "reliability.svg").unlink()


def test_no_class_in_a_table_is_a_formula(counted, tmp_path):
    names = ["=1+1", "@sum", "+x", "-x", *"456789"]
    write_report(tmp_path, named(names), *counted[1:])
    for table in ("confusion", "classes", "mistakes"):
        cells = [cell for row in rows_of(tmp_path / f"{table}.csv") for cell in row]
        assert not [cell for cell in cells if cell in names[:4]], table
        assert "'=1+1" in cells, table


def test_pictures_have_the_letters_of_any_name(counted, tmp_path):
    model = named(["größer – ü", "三角", "<&>", "\u202ex", *"456789"])
    write_report(tmp_path, model, *counted[1:])
    text = (tmp_path / report.PAGE).read_text(encoding="utf-8")
    for shown in ("größer – ü", "三角", "&lt;&amp;&gt;", "\\u202ex"):
        assert shown in text


def test_only_what_is_certain_is_a_hundred_per_cent():
    shares = (0.999857, 0.9994, 1.0, 0.0, float("nan"))
    assert [percent(share) for share in shares] == ["99.9%", "99.9%", "100.0%", "0.0%", ""]


def center(image):
    gray = image.astype(float)
    return tuple(
        float(gray.sum(axis=1 - axis) @ np.arange(image.shape[axis]) / gray.sum())
        for axis in (1, 0)
    )


def bar():
    image = np.zeros((28, 28), np.uint8)
    image[13:16, 8:21] = 255
    return image


def test_no_change_is_the_identity(digits):
    images = digits.test_images[:40, 0]
    for axis in AXES:
        np.testing.assert_array_equal(altered(images, axis.name, 0), images)


@pytest.mark.slow
def test_changes_of_a_bar():
    (right,), (left,) = (altered(bar()[None], "shift", pixels) for pixels in (3, -3))
    np.testing.assert_array_equal(right[:, 3:], bar()[:, :-3])
    np.testing.assert_array_equal(left[:, :-3], bar()[:, 3:])
    (turned,) = altered(bar()[None], "turn", 30)
    # y points down: the right end of a level bar sinks.
    assert center(turned[:, 17:])[1] > 15
    assert center(turned[:, :12])[1] < 13


def test_noise_is_the_same_each_time(digits):
    images = digits.test_images[:40, 0]
    noisy = altered(images, "noise", 0.4)
    np.testing.assert_array_equal(noisy, altered(images, "noise", 0.4))
    assert np.abs(noisy.astype(int) - images).mean() > 20


@pytest.mark.slow
def test_counting_limits(digits, monkeypatch):
    images = digits.test_images[:40, 0]
    labels = digits.test_labels[:40]
    monkeypatch.setattr(robustness, "pictures_of", lambda model: (images, labels))
    model = linear_model()
    steps = list(count_limits(model))
    last = steps[-1]
    # The first point is there long before the last, and what is there stays.
    assert [step.counted for step in steps] == list(range(1, len(SETTINGS) + 1))
    recogniser = Recogniser(model)
    for name, amount in (("turn", 0), ("shift", 4), ("noise", 0.2)):
        changed = altered(images, name, amount)
        right = recogniser.predict(scale(changed[:, None])).argmax(axis=1) == labels
        assert last.accuracy[SETTINGS.index((name, amount))] == pytest.approx(right.mean())
    # What was counted is kept.
    monkeypatch.setattr(robustness, "Recogniser", never)
    (again,) = count_limits(model)
    np.testing.assert_array_equal(again.accuracy, last.accuracy)


@pytest.mark.parametrize(
    ("shares", "largest"),
    [
        ((1, 1, 1, 1, 1), 2),
        ((0.8, 0.95, 1, 0.95, 1), 1),
        ((1, 1, 1, 0.89, 1), 0),
        ((0, 0, 0.5, 0, 0), None),
        ((1, 1, np.nan, 1, 1), None),
    ],
)
def test_the_largest_change_that_is_borne_is_borne_on_both_sides(monkeypatch, shares, largest):
    axis = robustness.Axis("turn", "Turned", "degrees", "°", (-2, -1, 0, 1, 2), 1)
    monkeypatch.setattr(robustness, "SETTINGS", [("turn", amount) for amount in axis.amounts])
    assert Limits(np.array(shares, float)).largest_borne(axis) == largest


def test_a_table_of_a_spreadsheet_has_numbers():
    numbers = Figure(-60, "g"), 0.228, Figure(1234.5, ",.1f"), Figure(0.5, "+g")
    cells = ("Rotated, degrees", *numbers, "−2 × 3", "1, 2")
    made = Table("Of all", ["what", *"abcdef"], [cells])
    assert made.rows[0][1:5] == ("−60", "22.8%", "1,234.5", "+0.5")
    heading, line = made.to_csv().splitlines()
    assert heading == "what,a,b,c,d,e,f"
    assert line == '"Rotated, degrees",-60,0.228000,1234.5,0.5,−2 × 3,"1, 2"'


def test_mistakes_of_a_shipped_network_are_mistakes():
    shipped = {stored.name: stored for stored in list_shipped()}
    model, data = shipped["mlp"].load(), load_dataset()
    recogniser = Recogniser(model)
    pictures = Pictures(data.test_images[:2000], data.test_labels[:2000], "MNIST test")
    drawn: list[np.ndarray] = []

    def as_drawn(picture):
        drawn.append(picture)
        return np.kron(picture, np.ones((8, 8), np.uint8))

    found = find_mistakes(model, recogniser, pictures, as_drawn)
    assert 5 < len(found) <= len(drawn) < 80
    for mistake in found:
        assert mistake.label == pictures.labels[mistake.index]
        answer = recogniser.recognise_ink(as_drawn(pictures.images[mistake.index, 0]))
        assert answer.text == mistake.read
        assert answer.digit != mistake.label
