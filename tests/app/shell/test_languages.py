"""All pages in a language: nothing is cut, and nothing has escaped translation.

`tests.languages` chooses the language of a run; ``tests/test_catalogues.py`` starts one in each.
"""

import re

import pytest
from PyQt5.QtWidgets import QAction, QLineEdit, QMenu, QWidget

from mnist_draw import i18n
from mnist_draw.app.inside.inside_view import SECTIONS

from .. import seen
from .test_budget import BUDGET, Screens, followed, screens, usual_text  # noqa: F401

pytestmark = pytest.mark.window

#: Words in plain letters that are the same in every language: names, keys, code, and what these
#: tests call a network.
NAMES = re.compile(
    "MNIST|Theano|PyTensor|Lasagne|NumPy|Python|ONNX|PNG|SVG|PCA|MLP|CNN|mlp|cnn|RMSProp|rmsprop|"
    "rho|epsilon|network|Ctrl|Alt|Shift|Esc|Tab|Space|Return|Enter|Home|End|Del"
)
_PLAIN = re.compile(r"[A-Za-z]{3,}")


def _untranslated(text):
    """Return a text's words in plain letters; what is not translated has no others."""
    own = {word for each in i18n.LANGUAGES.values() for word in _PLAIN.findall(each.name)}
    return [word for word in _PLAIN.findall(text) if not NAMES.fullmatch(word) and word not in own]


def _said(window):
    """Yield what a window shows and says: texts, tips, and names and descriptions for readers."""
    for text in seen.texts(window):
        yield text.widget.objectName(), text.text
    for widget in window.findChildren(QWidget):
        if widget.isVisible():
            for said in (widget.toolTip(), widget.accessibleName(), widget.accessibleDescription()):
                yield widget.objectName(), said
            if isinstance(widget, QLineEdit):
                yield widget.objectName(), widget.placeholderText()
    for action in window.findChildren(QAction):
        yield "action", action.text()
        yield "action", action.toolTip()
    for menu in window.findChildren(QMenu):
        yield "menu", menu.title()


def _inside(window, section):
    window.tabs.setCurrentWidget(window.inside_tab)
    window.inside_tab.open().open_section(section)
    seen.settle()


@pytest.mark.skipif(i18n.language() != "long", reason="only the imitation tells what is English")
@pytest.mark.parametrize("name", [*BUDGET, *(kind.name for kind in SECTIONS)])
def test_all_is_translated(name, screens):  # noqa: F811
    if name in BUDGET:
        screens.show(name, (1918, 1016))
    else:
        _inside(screens.window, name)
    found = {(of, said) for of, said in _said(screens.window) if _untranslated(said)}
    # Code is the same everywhere, and the menu of PyQtGraph is never opened.
    found = {(of, said) for of, said in found if of != "codeView" and "Export" not in said}
    assert not found, "\n".join(f"{of}: {said}" for of, said in sorted(found))


@pytest.mark.parametrize("size", [(1022, 664), (1366, 728), (1918, 1016)])
@pytest.mark.parametrize("section", [kind.name for kind in SECTIONS])
def test_nothing_of_a_section_is_cut(section, size, screens):  # noqa: F811
    screens.window.resize(*size)
    _inside(screens.window, section)
    cut = [str(text) for text in seen.texts(screens.window) if text.is_cut]
    assert not cut, cut
