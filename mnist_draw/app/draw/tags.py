"""What a tag on the board says of its ink: what is read, and what the user said; without Qt."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from mnist_draw.i18n import _, joined

if TYPE_CHECKING:
    from mnist_draw.app.kit.app_state import TaughtInk


@dataclass(frozen=True)
class Tag:
    """A tag of one half, or of two where the network has not learned what the user said."""

    read: str
    said: str = ""
    #: Whether it is read as was said since it was learned.
    is_learned: bool = False
    #: The whole for screen readers; empty where nothing was said.
    spoken: str = ""


def tag_of(read: str, taught: TaughtInk | None, learns: bool = False) -> Tag:
    """Return the tag of ink that is read so, whatever was said of it."""
    if taught is None:
        return Tag(read)
    label = taught.label
    is_right = read == str(label)
    if is_right and not taught.was_misread:
        return Tag(read)
    heard = _("read as {answer}, you said {label}", answer=read, label=label)
    if is_right:
        # Translators: in a tag: the network has learned this digit.
        return Tag(_("{digit} ✓", digit=label), "", True, joined(heard, _("learned")))
    if not taught.is_new:
        # Translators: in a tag: learning did not change how this digit is read.
        return Tag(_("still {answer}", answer=read), "", False, heard)
    if learns:
        return Tag(read, _("you said {label} · learning", label=label), False, heard)
    return Tag(read, _("you said {label}", label=label), False, joined(heard, _("to learn")))
