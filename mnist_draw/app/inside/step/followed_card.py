"""The picture of the minibatch that all figures of a step are about."""

from __future__ import annotations

from qtpy.QtCore import Qt
from qtpy.QtWidgets import QCheckBox, QSizePolicy

from mnist_draw.app.inside.example import SIDE, PickedPicture
from mnist_draw.app.inside.section import Example
from mnist_draw.app.inside.step.film_maker import Scene
from mnist_draw.app.kit import theme
from mnist_draw.app.kit.layout import row
from mnist_draw.app.kit.steady_labels import FittedLabel, FixedLabel
from mnist_draw.app.kit.theme import Text
from mnist_draw.app.kit.widgets import Card, explain, push_button
from mnist_draw.i18n import _, number
from mnist_draw.library.network_data import Name, in_a_sentence


class FollowedCard(Card):
    """With all details in place of the example."""

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("followedCard")
        self.setSizePolicy(QSizePolicy.Fixed, QSizePolicy.Fixed)
        self.title = FittedLabel(Text.AXIS, look="title", name="followedTitle")
        self.body.addWidget(FixedLabel(self.title, lines=1.6))
        self.picture = PickedPicture()
        self.body.addWidget(self.picture, 0, Qt.AlignHCenter)
        self.label = FittedLabel(Text.AXIS, look="muted", name="followedLabel")
        self.next = push_button(
            "nextPictureButton",
            _("Next picture"),
            look="link",
        )
        self.body.addLayout(row((FixedLabel(self.label, lines=1.6), 1), self.next))
        self.mine = QCheckBox(_("Put mine among them"))
        self.mine.setObjectName("putMineCheckBox")
        self.body.addWidget(self.mine)
        self.allow_mine(None, None)
        theme.follow(self, lambda: self.picture.setFixedSize(SIDE, SIDE))

    def allow_mine(self, example: Example | None, label: int | None) -> None:
        """Let a drawing be learned whose class is known; pictures of a data set are not."""
        is_mine = example is not None and example.is_drawing and label is not None
        if is_mine:
            reason = _("Learn your drawing, too, as the first picture of each step.")
        elif example is not None and not example.is_drawing:
            reason = _("Test and validation pictures are never learned from.")
        else:
            reason = _("First draw something, and say what it is.")
        self.mine.setChecked(is_mine and self.mine.isChecked())
        self.mine.setEnabled(is_mine)
        explain(self.mine, self.mine.text(), reason)

    def show_scene(self, scene: Scene | None, name: Name) -> None:
        shown = None if scene is None else scene.explained
        self.next.setEnabled(shown is not None)
        if scene is None:
            self.title.setText("")
            self.picture.show_picture(None)
            self.label.setText("")
        if scene is None or shown is None or scene.wish.place is None:
            return
        figures = shown.figures
        self.title.setText(
            _(
                "Picture {number} of {count}",
                number=number(scene.wish.place + 1),
                count=number(len(figures.losses)),
            ),
        )
        self.picture.show_picture(figures.minibatch.pictures[0, 0])
        self.label.setText(_("It is {label}", label=in_a_sentence(name(figures.label))))
