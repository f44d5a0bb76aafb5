"""The card that learns the taught digits: a button, progress, what changed, and the way back."""

from __future__ import annotations

from PyQt5.QtCore import Qt

from mnist_draw.app.draw.learn_controller import LearnController
from mnist_draw.app.kit import theme
from mnist_draw.app.kit.layout import row
from mnist_draw.app.kit.learning import Learning
from mnist_draw.app.kit.widgets import Card, ProgressBar, explain, label, push_button

_STEPS = 1000
#: Lines that the text may take.
_LINES = 3
_INVITE = (
    "The network learns your digits, beside MNIST's. It changes only if it then reads yours better "
    "and forgets hardly anything."
)
_OTHERS = (
    "The network that answers reads other classes than digits, so that it cannot learn yours. "
    "Choose a network that reads digits."
)
_NONE = "Draw a digit, press “Wrong?” and say which it is. It is kept here, to be learnt."
_WAITS = "Your digits are learnt as soon as the run has ended."


class LearnCard(Card):
    """Starts, stops and undoes fine-tuning; shows its progress and outcome."""

    def __init__(self, controller: LearnController) -> None:
        super().__init__()
        self._count = 0
        self._controller = controller
        self.text = label("", "body", "learnLabel")
        self.text.setWordWrap(True)
        self.text.setAlignment(Qt.AlignLeft | Qt.AlignTop)
        self.bar = ProgressBar(_STEPS)
        self.bar.setObjectName("learnProgress")
        # Hidden, it keeps its room: the list below stays in its place.
        policy = self.bar.sizePolicy()
        policy.setRetainSizeWhenHidden(True)
        self.bar.setSizePolicy(policy)
        explain(self.bar, "Progress of learning", "Which part of the work is done.")
        self.learn_button = push_button(
            "learnButton",
            "Learn my digits",
            "Train the network that answers a little further, on your digits and on MNIST.",
            look="primary",
        )
        self.learn_button.clicked.connect(controller.learn)
        self.stop_button = push_button(
            "stopLearningButton", "Stop", "Stop learning; the network stays as it is."
        )
        self.stop_button.clicked.connect(controller.stop)
        self.undo_button = push_button(
            "undoLearningButton",
            "Go back",
            "Let the network answer that answered before your digits were learnt.",
            look="link",
        )
        self.undo_button.clicked.connect(controller.go_back)
        self.more_button = push_button(
            "drawMoreButton",
            "Draw more",
            "Draw another digit like the one that is still misread.",
            look="link",
        )
        self.more_button.clicked.connect(controller.drawing_requested)
        links = self.more_button, self.undo_button
        for part in (self.text, self.bar):
            self.body.addWidget(part)
        self.body.addLayout(row(self.learn_button, self.stop_button, 1, *links))
        controller.changed.connect(self._show)
        theme.follow(self, self._fit)
        self._show()

    def follow(self, learning: Learning) -> None:
        """Show the steps of this learning."""
        learning.stepped.connect(self._show_step)

    def _fit(self) -> None:
        """Keep room for the longest of the texts, so that the list below stays in its place."""
        self.text.ensurePolished()
        self.text.setMinimumHeight(_LINES * self.text.fontMetrics().lineSpacing())

    def show_count(self, count: int) -> None:
        """Show how many digits there are to learn."""
        self._count = count
        self._show()

    def _show_step(self, step: str, part: float) -> None:
        self.bar.setValue(round(_STEPS * part))
        self.text.setText(f"{step} …")

    def _show(self) -> None:
        controller = self._controller
        learns, waits = controller.running, controller.waits
        held = self.learn_button.hasFocus() or self.stop_button.hasFocus()
        self.learn_button.setVisible(not learns and not waits)
        self.learn_button.setEnabled(self._count > 0 and controller.able)
        self.stop_button.setVisible(learns or waits)
        self.stop_button.setText("Cancel" if waits else "Stop")
        self.bar.setVisible(learns)
        self.undo_button.setVisible(bool(controller.before))
        self.undo_button.setEnabled(not learns)
        misread = controller.outcome is not None and not controller.outcome[1]
        self.more_button.setVisible(misread and not learns)
        if not learns:
            self.bar.setValue(0)
            self.text.setText(self._sentence())
        self.setAccessibleDescription(self.text.text())
        # A hidden button would pass the focus to the next one.
        if held:
            (self.stop_button if learns or waits else self.learn_button).setFocus()

    def _sentence(self) -> str:
        controller = self._controller
        if controller.waits:
            return _WAITS
        if controller.result:
            return controller.result
        if not controller.able:
            return _OTHERS
        return _INVITE if self._count else _NONE
