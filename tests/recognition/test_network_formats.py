"""Networks for other programs answer as they do here, digit by digit."""

import json
import runpy
import subprocess
import sys

import numpy as np
import pytest
from made_networks import scaled_model

from mnist_draw.dataset.mnist import load_dataset
from mnist_draw.errors import UserError
from mnist_draw.library.networks import find_by_key, list_shipped
from mnist_draw.library.stored_network import open_network
from mnist_draw.networks import NETWORKS
from mnist_draw.networks.operations import ACTIVATIONS
from mnist_draw.recognition import numpy_program
from mnist_draw.recognition.network_formats import NETWORK_FORMATS
from mnist_draw.recognition.recogniser import Recogniser
from mnist_draw.storage.models import load_model

EVERY_ACTIVATION = "layers:" + ",".join(f"30@{name}" for name in ACTIVATIONS)
#: Agreement that is asked of other programs, in probability.
CLOSE = 1e-5
DIGITS = 60


MODELS = {
    **{kept.name: lambda kept=kept: find_by_key(kept.key).load() for kept in list_shipped()},
    **{
        kind.example: lambda kind=kind: scaled_model(kind.example, temperature=1.7)
        for kind in NETWORKS.values()
    },
    EVERY_ACTIVATION: lambda: scaled_model(EVERY_ACTIVATION, temperature=0.6),
}


@pytest.fixture(params=MODELS)
def model(request):
    return MODELS[request.param]()


@pytest.fixture(scope="module")
def pictures():
    return load_dataset().test_images[:DIGITS]


def test_onnx_runtime_agrees(model, pictures):
    pytest.importorskip("onnx", reason="onnx is not installed")
    runtime = pytest.importorskip("onnxruntime", reason="onnxruntime is not installed")
    import onnx

    content = NETWORK_FORMATS["onnx"].pack(model)
    onnx.checker.check_model(onnx.load_model_from_string(content), full_check=True)
    session = runtime.InferenceSession(content, providers=["CPUExecutionProvider"])
    [found] = session.run(None, {"pictures": pictures.astype(np.float32)})
    expected = Recogniser(model).predict_images(pictures)
    assert found.shape == expected.shape
    assert float(np.abs(found - expected).max()) <= CLOSE


@pytest.mark.process
def test_classes_of_ones_own_are_named(pictures, tmp_path):
    onnx = pytest.importorskip("onnx", reason="onnx is not installed")
    names = ["Coat", 'a "b" \\ Ä']
    model = scaled_model("layers:20#2", temperature=1.5).with_info(classes=names, side=26)
    made = onnx.load_model_from_string(NETWORK_FORMATS["onnx"].pack(model))
    told = {entry.key: entry.value for entry in made.metadata_props}
    assert json.loads(told["classes"]) == names
    assert float(told["temperature"]) == 1.5
    assert "takes 26 pixels" in made.doc_string
    (tmp_path / "reader.py").write_bytes(NETWORK_FORMATS["py"].pack(model))
    assert "\nINK_SIDE = 26\n" in (tmp_path / "reader.py").read_text("utf-8")
    np.save(tmp_path / "one.npy", pictures[:1])
    done = run_program(tmp_path, "one.npy")
    assert any(f"one.npy: {name} (" in done.stdout for name in names), done.stderr


def test_equal_networks_give_equal_files_and_a_missing_package_is_named(monkeypatch):
    pytest.importorskip("onnx", reason="onnx is not installed")
    for entry in NETWORK_FORMATS.values():
        assert entry.pack(scaled_model("layers:9")) == entry.pack(scaled_model("layers:9"))
    monkeypatch.setitem(sys.modules, "onnx", None)
    with pytest.raises(UserError, match="needs onnx, which is not installed"):
        NETWORK_FORMATS["onnx"].pack(scaled_model("layers:9"))


def test_numpy_reads_the_parameters(tmp_path):
    model = scaled_model("deep_cnn")
    path = tmp_path / "plain.npz"
    path.write_bytes(NETWORK_FORMATS["npz"].pack(model))
    with np.load(path) as archive:
        assert archive.files == [f"arr_{number}" for number in range(len(model.parameters))]
        for number, value in enumerate(model.parameters):
            np.testing.assert_array_equal(archive[f"arr_{number}"], value)
    assert open_network(str(path)).network == "deep_cnn"
    # The program's own format keeps all.
    model = find_by_key("shipped:mlp").load()
    (tmp_path / "m.npz").write_bytes(NETWORK_FORMATS["model"].pack(model))
    again = load_model(tmp_path / "m.npz")
    assert (again.network, again.metadata) == (model.network, model.metadata)


def run_program(folder, *arguments):
    """Run an exported program, in a process that cannot import this package."""
    blocked = "import sys, runpy; sys.modules['mnist_draw'] = None; sys.argv = sys.argv[1:]; "
    program = f"{blocked}runpy.run_path(sys.argv[0], None, '__main__')"
    command = [sys.executable, "-P", "-c", program, "reader.py", *arguments]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


def test_the_python_program_agrees(model, pictures, monkeypatch, tmp_path):
    expected = Recogniser(model).predict_images(pictures)
    path = tmp_path / "reader.py"
    path.write_bytes(NETWORK_FORMATS["py"].pack(model))
    monkeypatch.setitem(sys.modules, "mnist_draw", None)
    program = runpy.run_path(str(path))
    assert program["__all__"] == ["predict"]
    assert float(np.abs(program["predict"](pictures) - expected).max()) <= CLOSE


@pytest.mark.slow
@pytest.mark.process
def test_the_python_program_reads_files_of_any_name(tmp_path):
    from PIL import Image

    (tmp_path / "reader.py").write_bytes(
        NETWORK_FORMATS["py"].pack(find_by_key("shipped:mlp").load()),
    )
    data = load_dataset()
    np.save(tmp_path / "three.npy", data.test_images[:3])
    large = np.kron(data.test_images[0, 0], np.ones((5, 5), np.uint8))
    np.save(tmp_path / "large.npy", np.pad(large, ((0, 90), (30, 0))))
    Image.fromarray(255 - large).save(tmp_path / "dark on light.png")
    Image.fromarray(large.astype(np.uint16) * 257).save(tmp_path / "deep.png")
    see_through = Image.new("LA", large.shape[::-1])
    see_through.putalpha(Image.fromarray(large))
    see_through.save(tmp_path / "transparent.png")
    pictures = ["large.npy", "dark on light.png", "deep.png", "transparent.png"]
    digits = data.test_labels[:3].tolist()
    done = run_program(tmp_path, "three.npy", *pictures)
    assert done.returncode == 0, done.stderr
    answers = [line.rpartition(": ")[2][0] for line in done.stdout.splitlines()]
    assert answers == [str(digit) for digit in [*digits, *digits[:1] * len(pictures)]]
    assert " 100.0%" not in done.stdout
    np.save(tmp_path / "empty.npy", np.zeros((40, 40), np.uint8))
    done = run_program(tmp_path, "empty.npy", "missing.npy")
    assert done.returncode == 1
    assert "no ink" in done.stderr
    assert "Traceback" not in done.stderr
    assert "no such file" in done.stderr
    done = run_program(tmp_path, "--help")
    assert (done.returncode, "PICTURE.npy" in done.stdout, done.stderr) == (0, True, "")
    named = scaled_model("layers:").with_info(name="a\x1b[31m network\n7.npy: 3 (99.9%)")
    (tmp_path / "reader.py").write_bytes(NETWORK_FORMATS["py"].pack(named))
    done = run_program(tmp_path)
    assert "\x1b" not in done.stdout
    assert "\n7.npy" not in done.stdout
    done = run_program(tmp_path, "\x1b[31mno\n7.npy: 3 (99.9%).npy")
    assert done.stderr.count("\n") == 1
    assert "\x1b" not in done.stderr


def test_the_python_program_says_which_shape_it_reads():
    for shape in ((3, 3), (5,), (2, 14, 28), (56, 14), ()):
        with pytest.raises(ValueError, match=r"reads 28 by 28 pixels"):
            numpy_program.predict(np.zeros(shape))
