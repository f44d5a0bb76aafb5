"""The report: tables that programs read, pictures, and one page that needs nothing else."""

from __future__ import annotations

import csv
import dataclasses
import re
from html.parser import HTMLParser
from xml.etree import ElementTree

import numpy as np
import pytest
from linear_network import linear_model

from mnist_draw.analysis import report
from mnist_draw.analysis.pictures import Pictures
from mnist_draw.analysis.report import write_report
from mnist_draw.analysis.results import Results, count_results
from mnist_draw.analysis.table import percent
from mnist_draw.errors import StorageError
from mnist_draw.storage import ModelFile

SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture
def counted(digits):
    pictures = Pictures(digits.test_images, digits.test_labels, "MNIST <test>", "Test picture")
    *_, results = count_results(linear_model(), pictures)
    return linear_model(), pictures, results


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
    assert sum(int(row[1]) for row in rows_of(folder / "reliability.csv")[1:]) == 200
    drawn = {
        name: ElementTree.parse(folder / f"{name}.svg").getroot()
        for name in ("confusion", "reliability", "mistakes")
    }
    count = str(results.confusion[0, 0])
    assert count in [text.text for text in drawn["confusion"].iter(f"{SVG}text")]
    assert len(list(drawn["reliability"].iter(f"{SVG}circle"))) == len(results.reliability)
    assert len(list(drawn["mistakes"].iter(f"{SVG}image"))) == results.wrong


class Page(HTMLParser):
    """Collects what a page shows and what it refers to."""

    def __init__(self, text):
        super().__init__()
        self.open: list[str] = []
        self.sources: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        if tag not in ("meta", "img", "br"):
            self.open.append(tag)
        self.sources += [v or "" for k, v in attributes if k in ("src", "href")]

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


def test_the_page_needs_nothing_else(counted, tmp_path):
    text = write_report(tmp_path / "r", *counted).read_text(encoding="utf-8")
    page = Page(text)
    assert page.open == []
    assert len(page.sources) == counted[2].wrong
    assert all(source.startswith("data:image/png;base64,") for source in page.sources)
    assert "url(" not in text
    assert "<script" not in text
    assert "MNIST &lt;test&gt;" in text
    assert re.search(rf"{100 * counted[2].accuracy:.2f} %", text)


def test_nothing_in_the_page_is_obeyed_instead_of_read(counted, tmp_path):
    model, pictures, results = counted
    named = dataclasses.replace(pictures, name="\u202edata\n")
    model = model.with_info(name="a\x1b[31m\u202eb\nc")
    text = write_report(tmp_path / "r", model, named, results).read_text(encoding="utf-8")
    heading = "a\\u001b[31m\\u202eb\\u000ac on \\u202edata\\u000a"
    assert f"<h1>{heading}</h1>" in text
    assert f"<title>{heading}</title>" in text
    assert not set(text) & set("\x1b\u202e")


def test_many_mistakes_are_not_all_shown_and_classes_have_their_names(
    counted, tmp_path, monkeypatch
):
    model, pictures, results = counted
    other = ModelFile(model.network, model.parameters, {"refused": 0.9})
    monkeypatch.setattr(report, "MAX_SHOWN", 3)
    text = write_report(tmp_path / "r", other, pictures, results).read_text(encoding="utf-8")
    assert len(Page(text).sources) == 3
    assert f"The first 3 of {results.wrong}" in text
    assert "class 3" in text


def test_a_network_without_mistakes(tmp_path):
    results = Results(np.eye(10, dtype=np.float32), np.arange(10, dtype=np.uint8), 1.0, 10)
    pictures = Pictures(np.zeros((10, 1, 28, 28), np.uint8), results.labels, "ten")
    page = write_report(tmp_path / "r", linear_model(), pictures, results)
    assert "100.00 %" in page.read_text(encoding="utf-8")


def test_a_folder_that_cannot_be_made(counted, tmp_path, monkeypatch):
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(StorageError, match=r"for the report cannot be made.*Nothing was written"):
        write_report(tmp_path / "file", *counted)
    monkeypatch.chdir(tmp_path)
    with pytest.raises(StorageError, match="its name is empty"):
        write_report("", *counted)
    assert not (tmp_path / report.PAGE).exists()


@pytest.mark.parametrize("name", ["report.html", "classes.csv", "mistakes.svg"])
def test_files_of_others_are_not_replaced(name, counted, tmp_path):
    folder = tmp_path / "r"
    folder.mkdir()
    (folder / name).write_text("mine")
    with pytest.raises(StorageError, match=rf"would replace .*{re.escape(name)}.* unchanged"):
        write_report(folder, *counted)
    assert [path.read_text() for path in folder.iterdir()] == ["mine"]


def test_an_earlier_report_is_replaced(counted, tmp_path):
    page = write_report(tmp_path / "r", *counted)
    before = page.read_bytes()
    # Whole, or broken off before its page.
    for _ in range(2):
        assert write_report(tmp_path / "r", *counted).read_bytes() == before
        page.unlink()


@pytest.mark.parametrize("first", ["corners, up", 'a "heart"', "größer", "="])
def test_a_report_is_known_whatever_its_classes_are_called(first, counted, tmp_path):
    model, pictures, results = counted
    names = [first, *(f"other, {number}" for number in range(9))]
    named = ModelFile(model.network, model.parameters, {"classes": names})
    page = write_report(tmp_path / "r", named, pictures, results)
    assert f"read as {first}" in rows_of(tmp_path / "r" / "confusion.csv")[0]
    before = page.read_bytes()
    assert write_report(tmp_path / "r", named, pictures, results).read_bytes() == before


@pytest.mark.parametrize(
    "line", ["it is,red,read as 1", "it is", "", "\x00", '"it is,read as a', "it was,read as 1"]
)
def test_a_table_of_another_is_none_of_a_report(line, counted, tmp_path):
    (tmp_path / "confusion.csv").write_text(line, encoding="utf-8")
    with pytest.raises(StorageError, match=r"would replace .*confusion.csv"):
        write_report(tmp_path, *counted)


def test_pictures_have_the_letters_of_any_name(counted, tmp_path):
    model, pictures, results = counted
    names = ["größer – ü", "三角", "<&>", "\u202ex", *"456789"]
    named = ModelFile(model.network, model.parameters, {"classes": names})
    write_report(tmp_path, named, pictures, results)
    text = "".join(ElementTree.parse(tmp_path / "confusion.svg").getroot().itertext())
    for shown in ("größe…", "三角", "<&>", "\\u202…"):
        assert shown in text


def test_only_what_is_certain_is_a_hundred_per_cent():
    shares = (0.999857, 0.9994, 1.0, 0.0, float("nan"))
    assert [percent(share) for share in shares] == ["99.9 %", "99.9 %", "100.0 %", "0.0 %", ""]
