"""The menu of networks: those that ship, read when chosen, and the one just trained."""

from __future__ import annotations

import threading

import pytest

from mnist_draw.app.draw.network_menu import NetworkMenu
from mnist_draw.app.kit.active_network import ActiveNetwork, NetworkRequest
from mnist_draw.app.kit.learning import Outcome
from mnist_draw.app.kit.threads import connect_direct
from mnist_draw.library import stored_network
from mnist_draw.library.networks import list_shipped
from mnist_draw.library.stored_network import StoredNetwork
from mnist_draw.storage import ModelFileError
from mnist_draw.training.network_places import FINE_TUNED, fine_tuned_folder

from .. import fakes


@pytest.fixture
def network():
    """Return the owner of the network in use."""
    return ActiveNetwork()


@pytest.fixture
def menu(qtbot, network):
    """Return a menu that lists the networks that ship."""
    made = NetworkMenu(network)
    qtbot.addWidget(made)
    fill(made)
    return made


def fill(menu, own=()):
    """List the networks that ship, and others."""
    menu.network.networks = (*list_shipped(), *own)
    menu.network.listed.emit()


def _learnt(name):
    return StoredNetwork(fine_tuned_folder() / f"{name}.npz", FINE_TUNED, f"My digits, {name}")


def _outcome(key):
    return Outcome(fakes.model(name="My digits, now"), key, "Learnt.")


def _titles(menu):
    """Return all entries but the last, which shows all networks."""
    *titles, last = [menu.itemText(place) for place in range(menu.count())]
    assert last == "All networks …"
    return titles


def test_the_networks_that_ship_are_listed_once_the_default_first(menu):
    fill(menu)
    assert _titles(menu) == [
        "Best reader · CNN · 99.56 %", "Handwriting MLP · 99.41 %", "Tutorial MLP · 98.24 %",
    ]  # fmt: skip
    assert menu.currentIndex() == 0


def test_all_are_listed_when_the_first_network_answers(qtbot):
    network = ActiveNetwork("shipped:mlp")
    menu = NetworkMenu(network)
    qtbot.addWidget(menu)
    network.confirm(fakes.model())
    qtbot.waitUntil(lambda: len(_titles(menu)) == 3)
    assert menu.currentText() == "Tutorial MLP · 98.24 %"
    assert (network.key, network.stored_key) == ("shipped:mlp", "shipped:mlp")


def test_the_default_network_has_a_key_but_is_no_choice(menu):
    menu.network.confirm(menu.network.load_first())
    assert menu.network.key == "shipped:best"
    assert menu.network.stored_key == ""


def test_a_damaged_first_network_is_not_said_to_answer(menu, monkeypatch, notices):
    load = stored_network.load_trained

    def damaged(path):
        if path.stem == "best":
            raise ModelFileError("best.npz is damaged.")
        return load(path)

    monkeypatch.setattr(stored_network, "load_trained", damaged)
    model = menu.network.load_first()
    menu.network.confirm(model)
    assert notices.sentences == [
        "best.npz is damaged. The network 'Handwriting MLP' answers instead."
    ]
    assert menu.network.key == "shipped:mlp_handwriting"
    assert menu.currentText() == "Handwriting MLP · 99.41 %"
    assert model.describe().startswith("Handwriting MLP · ")


def test_choosing_one_gives_its_network_to_the_worker(menu):
    used = []
    recognition = fakes.Answering(make=lambda model: used.append(model) or fakes.Recogniser(model))
    menu.network.requested.connect(lambda request: recognition.post_model(request.source))
    menu.activated.emit(2)
    recognition.start()
    assert [model.network for model in used] == ["mlp"]


def test_a_network_just_trained_takes_over_and_can_be_chosen_again(menu):
    first, second = fakes.model(name="Mine"), fakes.model(name="Mine")
    menu.network.use_trained(first, "run:one")
    menu.network.use_trained(second, "run:one")
    assert menu.currentText() == "Mine"
    assert _titles(menu)[3:] == ["Mine"]
    chosen: list[NetworkRequest] = []
    menu.network.requested.connect(chosen.append)
    menu.activated.emit(3)
    assert [request.source for request in chosen] == [second]


def test_only_the_newest_of_the_users_are_listed(menu):
    fill(menu, [_learnt(f"2026-11-{day:02d} 10.00.00") for day in range(28, 0, -1)])
    assert len(_titles(menu)) == 3 + 12
    # An older one that is asked for by its key is listed all the same.
    menu.network.use_key(_learnt("2026-11-01 10.00.00").key)
    assert menu.currentText() == "My digits, 1 Nov 10:00"
    menu.network.use_learnt(_outcome(_learnt("2026-11-29 08.00.00").key))
    assert menu.currentText() == "My digits, now"


def test_the_last_entry_shows_all_and_chooses_none(menu, qtbot):
    menu.network.confirm(menu.network.load_first())
    menu.setCurrentIndex(3)
    with qtbot.waitSignal(menu.all_requested), qtbot.assertNotEmitted(menu.network.requested):
        menu.activated.emit(3)
    assert menu.currentIndex() == 0


def test_a_choice_is_kept_by_its_key_once_it_answers(menu):
    network = menu.network
    chosen: list[NetworkRequest] = []
    network.requested.connect(chosen.append)
    menu.activated.emit(2)
    assert network.stored_key == ""
    network.confirm(fakes.model())
    assert (network.key, network.stored_key) == ("shipped:mlp", "shipped:mlp")
    network.use_key("shipped:best")
    assert menu.currentText() == "Best reader · CNN · 99.56 %"
    network.confirm(fakes.model())
    assert [request.key for request in chosen] == ["shipped:mlp", "shipped:best"]
    # A network from training is found again by its run.
    network.use_trained(fakes.model(), "run:one")
    network.confirm(fakes.model())
    assert (network.key, network.stored_key) == ("run:one", "run:one")


def test_a_learnt_network_that_is_not_saved_can_be_used(menu):
    outcome = _outcome("")
    menu.network.use_learnt(outcome)
    assert menu.currentText() == "My digits, not saved"
    menu.network.confirm(outcome.model)
    assert menu.network.model is outcome.model


def test_a_network_that_cannot_be_read_is_not_shown_as_in_use(menu):
    network = menu.network
    network.confirm(network.load_first())
    menu.setCurrentIndex(2)
    menu.activated.emit(2)
    # A place may be inserted meanwhile.
    fill(menu, [_learnt("2026-11-26 08.00.00")])
    assert menu.currentText() == "Tutorial MLP · 98.24 %"
    network.refuse()
    assert menu.currentText() == "Best reader · CNN · 99.56 %"
    assert network.key == "shipped:best"
    refused: list[NetworkRequest] = []
    network.refused.connect(refused.append)
    network.refuse()
    assert not refused


def test_wishes_of_other_threads_arrive_in_the_menu(qtbot, menu):
    posted: list[threading.Thread] = []
    connect_direct(menu.network.requested, lambda _: posted.append(threading.current_thread()))
    thread = threading.Thread(
        target=menu.network.use_trained, args=(fakes.model(name="Mine"), "run:1")
    )
    thread.start()
    thread.join()
    assert posted == [thread]
    qtbot.waitUntil(lambda: menu.currentText() == "Mine")


def test_what_a_network_learnt_from_is_known(network):
    assert network.before == ""
    network.confirm(fakes.model(before="shipped:best"))
    assert network.before == "shipped:best"
    network.confirm(fakes.model(before=7))
    assert network.before == ""
    network.use_learnt(Outcome(fakes.model(before="shipped:mlp"), "", "Learnt."))
    assert network.before == "shipped:mlp"
