"""Explanations agree with the network: its probabilities, its slope, its layers."""

import numpy as np
import pytest
from made_networks import scaled_model

from mnist_draw.dataset.mnist import load_dataset, scale
from mnist_draw.networks import NetworkError
from mnist_draw.recognition.explanation import Explainer
from mnist_draw.recognition.recogniser import Recogniser
from mnist_draw.storage import ModelFile, ModelFileError
from mnist_draw.theano_bridge import installed_theano

NETWORKS = ("mlp", "mlp:0.2", "custom_mlp:0,1,0,0", "custom_mlp:3,20,0.2,0.5", "cnn", "deep_cnn")


def _picture(index=0):
    return scale(load_dataset().test_images[index : index + 1])[0, 0]


@pytest.fixture(scope="module", params=NETWORKS)
def explained(request):
    model = scaled_model(request.param)
    return model, Explainer(model)


def _log_odds(probabilities, digit):
    wide = probabilities.astype(np.float64)
    return float(np.log(wide[digit] / (wide.sum() - wide[digit])))


def test_log_odds_are_those_of_the_answer(explained):
    model, explainer = explained
    probabilities = Recogniser(model).predict(_picture()[None, None])[0]
    for digit in range(10):
        explanation = explainer.explain(_picture(), digit)
        assert explanation.digit == digit
        assert explanation.log_odds == pytest.approx(_log_odds(probabilities, digit), abs=1e-3)
        others = np.delete(np.arange(10), digit)
        assert explanation.rival == others[probabilities[others].argmax()]


def test_saliency_is_the_slope_times_the_ink(explained):
    _, explainer = explained
    picture, digit, step = _picture(), 7, 2e-3
    explanation = explainer.explain(picture, digit)
    saliency = explanation.saliency
    assert saliency.shape == (28, 28)
    assert saliency.dtype == np.float32
    assert not saliency[picture == 0].any()
    assert np.abs(saliency).max() > 1e-3
    inked = np.argsort(np.abs(saliency).ravel())[-12:]
    close = 0
    for place in inked:
        change = np.zeros(784, np.float32)
        change[place] = step
        more = explainer.explain(picture + change.reshape(28, 28), digit).log_odds
        less = explainer.explain(picture - change.reshape(28, 28), digit).log_odds
        slope = (more - less) / (2 * step)
        expected = slope * picture.ravel()[place]
        close += saliency.ravel()[place] == pytest.approx(expected, rel=0.1, abs=0.01)
    # A step may cross the corner of a rectifier or change which pixel is the largest.
    assert close >= 9


def test_a_network_beyond_doubt_and_its_temperature():
    # Its softmax is 1.0 in float32, the gradient of which is nothing.
    model = scaled_model("mlp", strength=10.0)
    recogniser = Recogniser(model)
    digit = int(recogniser.predict(_picture()[None, None])[0].argmax())
    assert recogniser.predict(_picture()[None, None])[0, digit] == 1
    explanation = Explainer(model).explain(_picture(), digit)
    assert explanation.log_odds > 20
    assert np.abs(explanation.saliency).max() > 1
    model = scaled_model("custom_mlp:3,20,0.2,0.5")
    hot = ModelFile(model.network, model.parameters, {"temperature": 2.0})
    plain, calibrated = (Explainer(one).explain(_picture(), 3).log_odds for one in (model, hot))
    probabilities = Recogniser(hot).predict(_picture()[None, None])[0]
    assert calibrated == pytest.approx(_log_odds(probabilities, 3), abs=1e-3)
    assert calibrated != pytest.approx(plain, abs=1e-2)


def test_other_parameters_take_over_or_change_nothing():
    first, second = scaled_model("layers:20", 1), scaled_model("layers:20", 2)
    explainer = Explainer(first)
    before = explainer.explain(_picture(), 5)
    kept = before.saliency.copy()
    explainer.use(second)
    after = explainer.explain(_picture(), 5)
    assert not np.allclose(after.saliency, before.saliency)
    assert np.array_equal(before.saliency, kept)
    fresh = Explainer(second).explain(_picture(), 5)
    assert np.allclose(after.saliency, fresh.saliency, atol=1e-5)
    assert np.array_equal(explainer.explain(_picture(), 5).saliency, after.saliency)
    explainer = Explainer(scaled_model("mlp"))
    before = explainer.explain(_picture(), 5)
    with pytest.raises(ModelFileError, match="cnn"):
        explainer.use(scaled_model("cnn"))
    with pytest.raises(ModelFileError):
        explainer.use(ModelFile("mlp", (np.zeros((3, 3), np.float32),), {}))
    assert np.array_equal(explainer.explain(_picture(), 5).saliency, before.saliency)
    with pytest.raises(NetworkError):
        Explainer(ModelFile("no_such_network", scaled_model("mlp").parameters, {}))
    huge = tuple(np.full_like(value, 3e38) for value in scaled_model("mlp").parameters)
    explainer.use(ModelFile("mlp", huge))
    with pytest.raises(ModelFileError, match="far too large"):
        explainer.explain(_picture(), 5)


@pytest.mark.slow
@pytest.mark.skipif(installed_theano(), reason="the real Theano has linkers of its own")
def test_nothing_is_left_to_the_slow_linker(monkeypatch):
    from mnist_draw.theano_bridge.native import linker

    left = []
    monkeypatch.setattr(linker, "interpreted", left.append)
    Explainer(scaled_model("deep_cnn")).explain(_picture(), 0)
    assert left == []
