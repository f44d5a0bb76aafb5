"""``predict`` and ``evaluate``: answers on standard output, faults on standard error."""

import csv
import io
import json
import os
import sys
from pathlib import Path

import numpy as np
import pytest
from linear_network import linear_model
from PIL import Image
from scipy.special import log_softmax

from mnist_draw.cli import main, predict
from mnist_draw.dataset.mnist import load_dataset
from mnist_draw.storage import save_model


@pytest.fixture
def model(tmp_path):
    save_model(tmp_path / "model.npz", linear_model())
    return str(tmp_path / "model.npz")


@pytest.fixture
def seven(tmp_path):
    """A picture of a 7, dark on light and larger than MNIST's."""
    picture = Image.fromarray(255 - load_dataset().test_images[0, 0])
    picture.resize((200, 200), Image.Resampling.BICUBIC).save(tmp_path / "sieben ü.png")
    return str(tmp_path / "sieben ü.png")


@pytest.mark.skipif(os.name == "nt", reason="no file can have that name there")
@pytest.mark.parametrize(
    ("name", "shown"),
    [
        (
            "\x1b[31m\x9b2J\x7f\r\u202ex.png",
            "\\u001b[31m\\u009b2J\\u007f\\u000d\\u202ex.png",
        ),
        (
            "x.png: 1 (99.9%)\nforged.png: 2 (99.9%)\u2028.png",
            "x.png: 1 (99.9%)\\u000aforged.png: 2 (99.9%)\\u2028.png",
        ),
    ],
    ids=["obeyed", "forged"],
)
def test_what_a_terminal_would_obey_is_escaped(name, shown, model, seven, tmp_path, capfd):
    Path(seven).rename(tmp_path / name)
    (tmp_path / f"no{name}").write_text("no picture")
    names = [str(tmp_path / name), str(tmp_path / f"no{name}"), str(tmp_path / f"none{name}")]
    assert main(["predict", *names, "--model", model]) == 1
    out, err = capfd.readouterr()
    assert out.startswith(f"{tmp_path}/{shown}: 7 (")
    assert (out.count("\n"), err.count("\n")) == (1, 2)
    assert f"no{shown}" in err
    assert f"none{shown}" in err
    assert not set(out + err) & set("\x1b\x9b\x7f\r\u202e\u2028")
    assert main(["predict", "--json", "--model", model, names[0]]) == 0
    assert json.loads(capfd.readouterr().out)["image"] == names[0]
    assert main(["predict", names[0] + "\n", "--model", f"x{name}"]) == 1
    assert capfd.readouterr().err.count("\n") == 1
    typed = f"--none-of-these{name}".replace(" ", "")
    assert main(["predict", typed]) == 2
    assert typed not in capfd.readouterr().err


@pytest.mark.skipif(os.name == "nt", reason="no file can have that name there")
@pytest.mark.parametrize("on_a_terminal", [False, True])
def test_a_table_has_the_true_name_except_on_a_terminal(
    model,
    seven,
    tmp_path,
    on_a_terminal,
    monkeypatch,
    capsys,
):
    name = "\x1b[31m\u202ered\nforged,1.png"
    Path(seven).rename(tmp_path / name)
    monkeypatch.setattr(sys.stdout, "isatty", lambda: on_a_terminal, raising=False)
    assert main(["predict", str(tmp_path / name), "--csv", "--model", model]) == 0
    out = capsys.readouterr().out
    (row,) = csv.DictReader(io.StringIO(out))
    assert row["digit"] == "7"
    if on_a_terminal:
        assert row["image"] == f"{tmp_path}/\\u001b[31m\\u202ered\\u000aforged,1.png"
        assert out.count("\n") == 2
    else:
        assert row["image"] == str(tmp_path / name)


def test_no_name_in_a_table_is_a_formula(model, seven, monkeypatch, tmp_path, capsys):
    monkeypatch.chdir(tmp_path)
    Path(seven).rename("=1+11.png")
    assert main(["predict", "--csv", "--model", model, "=1+11.png", "=2.png"]) == 1
    read, unread = csv.DictReader(io.StringIO(capsys.readouterr().out))
    assert (read["image"], read["digit"]) == (f".{os.sep}=1+11.png", "7")
    assert (unread["image"], unread["digit"]) == (f".{os.sep}=2.png", "")
    assert Path(read["image"]).exists()


def test_no_class_in_a_table_is_a_formula(seven, tmp_path, capsys):
    classes = [f"={digit}" for digit in range(10)]
    save_model(tmp_path / "classes.npz", linear_model().with_info(classes=classes))
    path = str(tmp_path / "classes.npz")
    assert main(["predict", "--csv", "--model", path, seven]) == 0
    (row,) = csv.DictReader(io.StringIO(capsys.readouterr().out))
    assert row["class"] == "'=7"


def test_an_empty_name_is_no_folder(model, capsys):
    assert main(["predict", "--model", model, ""]) == 1
    assert "no file ''" in capsys.readouterr().err


def test_a_picture_from_standard_input(model, seven, capsys, monkeypatch):
    content = io.BytesIO(Path(seven).read_bytes())
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(content))
    assert main(["predict", "-", "--model", model]) == 0
    assert capsys.readouterr().out.startswith("-: 7 (")


def test_predict(model, seven, capsys):
    assert main(["predict", seven, "--model", model]) == 0
    out, err = capsys.readouterr()
    assert out.startswith(f"{seven}: 7 (")
    assert err == ""
    assert main(["predict", "--json", "--model", model, seven, seven]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 2
    found = json.loads(lines[0])
    assert list(found) == ["image", "digit", "confidence", "probabilities", "most_probable"]
    assert found["image"] == seven
    assert found["digit"] == 7
    assert len(found["probabilities"]) == 10
    assert sum(found["probabilities"]) == pytest.approx(1, abs=1e-4)
    assert max(found["probabilities"]) == pytest.approx(found["confidence"], abs=1e-6)


@pytest.mark.skipif(sys.platform != "linux", reason="no file can have that name there")
def test_json_has_no_name_that_strict_readers_refuse(model, seven, tmp_path, capfd):
    good, bad = tmp_path / "\U0001f600\udcff.png", tmp_path / "none\udcff.png"
    Path(seven).rename(good)
    assert main(["predict", "--json", "--model", model, str(good), str(bad)]) == 1
    lines = capfd.readouterr().out.splitlines()
    found = [json.loads(line) for line in lines]
    assert [each["image"] for each in found] == [
        f"{tmp_path}/\U0001f600\\udcff.png", f"{tmp_path}/none\\udcff.png",
    ]  # fmt: skip
    assert "no file" in found[1]["error"]
    for each in found:
        json.dumps(each, ensure_ascii=False).encode()
    assert main(["predict", "--json", "--model", "\udcff.npz", str(bad)]) == 1
    assert json.loads(capfd.readouterr().out)["error"].encode()


def test_a_folder_is_read(model, seven, capsys):
    folder = Path(seven).parent / "scans"
    folder.mkdir()
    for name in ("b.png", "a.PNG", "letter.txt"):
        (folder / name).write_bytes(Path(seven).read_bytes())
    assert main(["predict", str(folder), seven, "--model", model]) == 0
    lines = capsys.readouterr().out.splitlines()
    names = [str(folder / "a.PNG"), str(folder / "b.png"), seven]
    assert [line.rpartition(": ")[0] for line in lines] == names
    (folder / "nothing").mkdir()
    assert main(["predict", str(folder / "nothing"), "--model", model]) == 1
    assert f"{folder / 'nothing'} is a folder" in capsys.readouterr().err
    assert main(["predict", str(folder / "nothing"), "--model", model, "--json"]) == 1
    found = json.loads(capsys.readouterr().out)
    assert "without pictures" in found["error"]
    assert main(["predict", str(folder / "nothing"), "--model", model, "--csv"]) == 1
    assert "without pictures" in capsys.readouterr().out.splitlines()[1]
    # Pictures by class, as data are: they lie one folder deeper.
    (folder.parent / "shapes" / "round").mkdir(parents=True)
    assert main(["predict", str(folder.parent / "shapes"), "--model", model]) == 1
    said = capsys.readouterr().err
    assert "but 1 folder" in said
    assert str(folder.parent / "shapes" / "round") in said


def test_a_table(model, seven, seventy_two, capsys):
    names = [seven, "none, nowhere.png", seventy_two]
    assert main(["predict", *names, "--number", "--model", model, "--csv"]) == 1
    rows = list(csv.DictReader(capsys.readouterr().out.splitlines()))
    assert [row["image"] for row in rows] == names
    assert [row["number"] for row in rows] == ["7", "", "72"]
    assert rows[0]["digit"] == "7"
    assert float(rows[0]["p7"]) == float(rows[0]["confidence"])
    assert float(rows[2]["confidence"]) > 0.5
    assert sum(float(rows[0][f"p{digit}"]) for digit in range(10)) == pytest.approx(1, abs=1e-4)
    assert "no file" in rows[1]["error"]
    assert rows[1]["digit"] == rows[0]["error"] == ""


@pytest.fixture
def no_digits(tmp_path):
    """Pictures of a square and of nothing."""
    square = np.full((100, 100), 255, np.uint8)
    square[20:80, 20:80] = 0
    Image.fromarray(square).save(tmp_path / "square.png")
    Image.fromarray(square * 0).save(tmp_path / "blank.png")
    return [str(tmp_path / name) for name in ("square.png", "blank.png")]


def test_what_is_no_digit(model, no_digits, capsys):
    assert main(["predict", *no_digits, "--model", model, "--json"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [json.loads(line)["digit"] for line in lines] == [None, None]
    square, blank = map(json.loads, lines)
    likeliest = str(np.argmax(square["probabilities"]))
    assert square["most_probable"] == likeliest
    assert "most_probable" not in blank
    assert main(["predict", *no_digits, "--model", model, "--csv"]) == 0
    rows = csv.DictReader(capsys.readouterr().out.splitlines())
    assert [row["most_probable"] for row in rows] == [likeliest, ""]
    assert main(["predict", *no_digits, "--model", model]) == 0
    square_line, blank_line = capsys.readouterr().out.splitlines()
    assert ": ? (" in square_line
    assert f"Most probable: {likeliest}, " in square_line
    assert "no ink" in blank_line


def test_evaluate(model, capsys, tmp_path):
    weights, bias = linear_model().parameters
    data = load_dataset()
    inputs = data.test_images.reshape(10_000, -1) / 256
    logs = log_softmax(inputs @ weights.astype(float) + bias, axis=1)
    assert main(["evaluate", model, "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    right = logs[np.arange(10_000), data.test_labels]
    assert found["loss"] == pytest.approx(-right.mean(), rel=1e-4)
    assert found["accuracy"] == pytest.approx((logs.argmax(axis=1) == data.test_labels).mean())
    assert found["examples"] == 10_000
    counts = np.array(found["confusion"])
    # Rows are the true digits.
    assert counts.sum(axis=1).tolist() == np.bincount(data.test_labels).tolist()
    assert np.trace(counts) == round(10_000 * found["accuracy"])
    assert main(["evaluate", model]) == 0
    text = capsys.readouterr().out
    assert f"{found['loss']:.6f}" in text
    assert f"{found['accuracy'] * 100:.2f}%" in text
    save_model(tmp_path / "clothes.npz", linear_model().with_info(data="clothes"))
    assert main(["evaluate", str(tmp_path / "clothes.npz"), "--json"]) == 0
    out, err = capsys.readouterr()
    assert json.loads(out)["examples"] == 10_000
    assert "trained on clothes" in err
    assert "--data" in err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["evaluate", "none.npz"], "There is no file none.npz."),
        (["predict", "a.png", "--model", "none.npz"], "There is no file none.npz"),
        (["evaluate", "MODEL", "--network", "cnn"], "not cnn. Leave cnn out"),
        (["evaluate", "MODEL", "--data", "/no/such/folder"], "neither a folder"),
        # Told before counting.
        (["evaluate", "MODEL", "--report", "MODEL"], "cannot be created"),
        (["evaluate", "MODEL", "--report", "rep.html"], "Choose a folder, such as"),
    ],
)
def test_failures_are_one_sentence(arguments, message, model, capsys):
    assert main([argument.replace("MODEL", model) for argument in arguments]) == 1
    out, err = capsys.readouterr()
    assert out == ""
    assert message in err
    assert len(err.splitlines()) == 1


def test_an_architecture_needs_its_file(seven, capsys):
    assert main(["predict", seven, "--network", "cnn"]) == 2
    assert "--network needs --model" in capsys.readouterr().err


def test_a_decimal_point_needs_a_number(seven, capsys):
    assert main(["predict", seven, "--decimal"]) == 2
    assert "--number" in capsys.readouterr().err


@pytest.fixture
def seventy_two(tmp_path):
    """A large picture of a 7 and a 2, dark on light."""
    data = load_dataset()
    pair = np.hstack([data.test_images[0, 0], data.test_images[1, 0]])
    enlarged = np.kron(255 - pair, np.ones((40, 40), np.uint8))
    Image.fromarray(enlarged).save(tmp_path / "72.png")
    return str(tmp_path / "72.png")


def test_predict_number(model, seventy_two, capsys, seven, no_digits):
    assert main(["predict", seventy_two]) == 0
    assert "With --number" in capsys.readouterr().out
    assert main(["predict", "--number", "--model", model, seventy_two]) == 0
    assert capsys.readouterr().out.startswith(f"{seventy_two}: 72 (")
    assert main(["predict", "--number", "--json", "--model", model, seventy_two]) == 0
    found = json.loads(capsys.readouterr().out)
    known = ["image", "digit", "confidence", "probabilities", "most_probable", "number", "digits"]
    assert list(found) == known
    assert found["number"] == "72"
    assert found["digit"] is None
    assert 0.5 < found["confidence"] <= min(part["confidence"] for part in found["digits"])
    assert [part["digit"] for part in found["digits"]] == [7, 2]
    images = load_dataset().test_images[:2, 0]
    for part, image, left in zip(found["digits"], images, (0, 28), strict=True):
        assert 0 < part["confidence"] <= 1
        rows, columns = np.nonzero(image > 60)
        # In pixels of the picture, which is larger than what is looked at.
        wanted = [columns.min() + left, rows.min(), np.ptp(columns) + 1, np.ptp(rows) + 1]
        assert np.abs(np.array(part["box"]) / 40 - wanted).max() < 1.5
    paper = np.asarray(Image.open(seventy_two)).copy()
    paper[960:1040, 1080:1160] = 0
    Image.fromarray(paper).save(seventy_two)
    for option, number in ((), "7?2"), (("--decimal",), "7.2"):
        assert main(["predict", "--number", *option, "--json", seventy_two]) == 0
        found = json.loads(capsys.readouterr().out)
        assert found["number"] == number
        assert found["digits"][1]["digit"] is None
        assert found["digits"][1].get("sign") == ("." if option else None)
    assert main(["predict", "--number", "--json", "--model", model, *no_digits, seven]) == 0
    square_found, blank, digit = map(json.loads, capsys.readouterr().out.splitlines())
    assert square_found["number"] is None
    assert [part["digit"] for part in square_found["digits"]] == [None]
    assert blank["number"] is None
    assert blank["digits"] == []
    assert digit["number"] == "7"
    assert digit["digit"] == digit["digits"][0]["digit"] == 7
    assert digit["digits"][0]["confidence"] == digit["confidence"]


@pytest.mark.parametrize("whole", [False, True])
def test_patterns_are_expanded_where_no_shell_does(tmp_path, monkeypatch, whole):
    for name in ("b.png", "a.png", "c.txt"):
        (tmp_path / name).touch()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(predict, "leaves_patterns", lambda: True)
    folder = str(tmp_path) + os.sep if whole else ""
    assert list(predict.picture_names([f"{folder}*.png", "none*.png"])) == [
        f"{folder}a.png", f"{folder}b.png", "none*.png",
    ]  # fmt: skip
