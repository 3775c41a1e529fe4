"""Which language the window speaks: the user's choice, or the system's."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QLibraryInfo, QLocale, QTranslator
from PySide6.QtWidgets import QApplication

from chatdesk.language.door import chosen, language, use


class Interpreter:
    """Switches the application to a language, at once: every window is told to say its texts again.

    Qt's own texts (the menus of text fields, the file dialog), dates and numbers follow as well.
    """

    def __init__(self, application: QApplication) -> None:
        self._application = application
        self._qt: QTranslator | None = None

    def speak(self, choice: str) -> None:
        """Use the language of an option's value: ``system`` or a code such as ``de``."""
        code = chosen(choice, QLocale.system().uiLanguages())
        changed = code != language()
        use(code)
        QLocale.setDefault(_locale(code))
        self._translate_qt(code)
        if changed:
            for window in self._application.topLevelWidgets():
                self._application.sendEvent(window, QEvent(QEvent.Type.LanguageChange))

    def _translate_qt(self, code: str) -> None:
        if self._qt is not None:
            self._application.removeTranslator(self._qt)
            self._qt.deleteLater()
            self._qt = None
        translator = QTranslator(self._application)
        folder = QLibraryInfo.path(QLibraryInfo.LibraryPath.TranslationsPath)
        if translator.load(f"qtbase_{code}", folder):
            self._application.installTranslator(translator)
            self._qt = translator
        else:
            translator.deleteLater()


def _locale(code: str) -> QLocale:
    """Return the formats of a language: the system's own where it speaks that language."""
    system = QLocale.system()
    return system if system.name().partition("_")[0] == code else QLocale(code)


def native_name(code: str) -> str:
    """Return what a language calls itself."""
    name = QLocale(code).nativeLanguageName()
    return "English" if code == "en" else name[:1].upper() + name[1:]
