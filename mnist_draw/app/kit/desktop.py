"""What differs between the desktops of Windows, macOS and Linux."""

from __future__ import annotations

import ctypes
import sys
from pathlib import Path

from qtpy.QtCore import QProcess, QSettings, QUrl
from qtpy.QtGui import QDesktopServices, QPalette
from qtpy.QtWidgets import QApplication

#: On macOS Qt calls Command "Ctrl", and Command+Tab is the system's; "Meta" is the key Control.
CONTROL = "Meta" if sys.platform == "darwin" else "Ctrl"
#: X servers report screens of 100 dpi as a factor of 1.04, which would only blur; there the size of
#: the text provides the steps between whole factors.
SCALES_EXACTLY = sys.platform in ("win32", "darwin")
_THEMES = r"HKEY_CURRENT_USER\Software\Microsoft\Windows\CurrentVersion\Themes\Personalize"
#: ``SPI_GETCLIENTAREAANIMATION`` of Windows.
_ANIMATES = 0x1042
_MID_GRAY = 128


def is_dark() -> bool:
    """Return whether the desktop prefers dark windows now.

    Qt 5 does not say it: the registry does on Windows, the palette elsewhere.
    """
    if sys.platform == "win32":
        return not int(QSettings(_THEMES, QSettings.NativeFormat).value("AppsUseLightTheme", 1))
    return QApplication.palette().color(QPalette.Window).lightness() < _MID_GRAY


def lets_move() -> bool:
    """Return whether the desktop lets things move now."""
    if sys.platform == "win32":
        shown = ctypes.c_int(1)
        ctypes.windll.user32.SystemParametersInfoW(_ANIMATES, 0, ctypes.byref(shown), 0)
        return bool(shown.value)
    if sys.platform == "darwin":
        kept = Path.home() / "Library/Preferences/com.apple.universalaccess.plist"
        return not int(QSettings(str(kept), QSettings.NativeFormat).value("reduceMotion", 0))
    return True


def name_program() -> None:
    """Tell Windows of the program: else the taskbar shows Python's icon for the window."""
    if sys.platform == "win32":
        ctypes.windll.shell32.SetCurrentProcessExplicitAppUserModelID("mnist_draw")


def keep_mouse_moves() -> None:
    """Have macOS deliver each move of the mouse, also those that wait for a busy window."""
    if sys.platform == "darwin":
        cocoa = ctypes.CDLL("/usr/lib/libobjc.dylib")
        cocoa.objc_getClass.restype = ctypes.c_void_p
        cocoa.sel_registerName.restype = ctypes.c_void_p
        cocoa.objc_msgSend.argtypes = [ctypes.c_void_p, ctypes.c_void_p, ctypes.c_bool]
        events = cocoa.objc_getClass(b"NSEvent")
        cocoa.objc_msgSend(events, cocoa.sel_registerName(b"setMouseCoalescingEnabled:"), False)


def show_in_folder(path: Path) -> None:
    """Show a file in its folder, marked on Windows and macOS."""
    if sys.platform == "win32":
        QProcess.startDetached("explorer", ["/select,", str(path)])
    elif sys.platform == "darwin":
        QProcess.startDetached("open", ["-R", str(path)])
    else:
        QDesktopServices.openUrl(QUrl.fromLocalFile(str(path.parent)))
