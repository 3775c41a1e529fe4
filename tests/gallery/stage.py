"""The stage of the gallery: the real window and timeline over fixed rows, at a fixed moment."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

from PySide6.QtCore import QPoint, QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QImage, QPainter, QPixmap
from PySide6.QtWidgets import QApplication, QDialog, QWidget

from chatdesk.app.demo_script import TURNS, answer
from chatdesk.app.puppet_pictures import portrait
from chatdesk.config.options import LANGUAGE, THEME
from chatdesk.config.preferences import Preferences
from chatdesk.domain.change import ChangeSet, MessageChange, Verb
from chatdesk.domain.conversation import ConversationEntry
from chatdesk.domain.message import Message, Role
from chatdesk.domain.profile import Profile
from chatdesk.domain.session import Account, BackendKind, LinkState, SyncState
from chatdesk.language.door import SOURCE
from chatdesk.models.conversation_list import ConversationListModel
from chatdesk.models.message_list import MessageListModel
from chatdesk.providers.base import ReplyRequest, Turn
from chatdesk.services.preferences import PreferenceService
from chatdesk.ui.language import Interpreter
from chatdesk.ui.main_window import MainWindow
from chatdesk.ui.settings.installation import Installation
from chatdesk.ui.theme.theme import Theme
from chatdesk.ui.timeline.view import TimelineView
from tests.support.conversation_entries import conversation_id, entry
from tests.support.messages import ME, message

NOW = datetime(2026, 3, 2, 15, 30, tzinfo=UTC)
"""The moment of all pictures."""

MODEL = "gpt-oss-20b"
PICTURE = f"{ME}/1.png"
SIZE = (1120, 760)
_IDLE_ROUNDS = 12

_TITLES = {
    "en": (
        "A weekend in Lisbon",
        "Names for the boat",
        "Bread without a scale",
        "Tax return, open questions",
        "Regular expressions, gently",
        "A speech for Mara’s wedding",
        "Why the sky is dark at night",
    ),
    "de": (
        "Ein Wochenende in Lissabon",
        "Namen für das Boot",
        "Brot ohne Waage",
        "Steuererklärung, offene Fragen",
        "Reguläre Ausdrücke, sanft",
        "Eine Rede für Maras Hochzeit",
        "Warum der Himmel nachts dunkel ist",
    ),
}
_AGES = (0.2, 400, 2, 26, 30, 120, 900)


_GERMAN = (
    (
        "Ich habe im März zwei Tage in Lissabon. Was darf ich nicht verpassen?",
        """Zwei Tage reichen für das Herz der Stadt, wenn man nah am Fluss bleibt.

**Erster Tag: Alfama und der Burgberg**

1. Früh am *Miradouro das Portas do Sol* beginnen, bevor die Straßenbahnen voll sind.
2. Durch die Alfama zur Kathedrale hinuntergehen und sich dabei gern verlaufen.
3. Am Nachmittag ins Fliesenmuseum (**Museu Nacional do Azulejo**).

> Im März kann es regnen: für jeden halben Tag einen Ort mit Dach bereithalten.""",
    ),
    (
        "Wie komme ich vom Flughafen in die Alfama, und was kostet das?",
        """Die Metro ist am günstigsten, ein Taxi mit Gepäck am bequemsten.

| Wie | Dauer | Preis |
| --- | ---: | ---: |
| Metro, rote, dann blaue Linie bis *Santa Apolónia* | 35 min | etwa 2 € |
| Bus 744 in die Mitte | 40 min | etwa 2 € |
| Taxi | 20 min | 12–18 € |

Von Santa Apolónia sind es zehn Minuten bergauf in die Alfama.""",
    ),
)


def _said(language: str) -> tuple[tuple[str, str], ...]:
    """Return questions and answers."""
    if language == "de":
        return _GERMAN
    return tuple((text, answer(ReplyRequest(MODEL, [Turn(Role.USER, text)]))) for text in TURNS)


class FixedClock:
    """Time stands still."""

    def now(self) -> datetime:
        return NOW

    def monotonic(self) -> float:
        return 0.0

    async def sleep(self, seconds: float) -> None:
        raise AssertionError("nothing waits in a picture")


class Stage:
    """One window in one look and language; ``shoot`` writes what it shows."""

    def __init__(self, application: QApplication, theme: Theme, look: str, language: str) -> None:
        self.application = application
        self.language = language
        self._theme = theme
        theme.set_mode(look)
        self._interpreter = Interpreter(application)
        self._interpreter.speak(language)
        self.conversations = ConversationListModel()
        self.messages = MessageListModel(ME)
        self.timeline = TimelineView(theme, FixedClock())
        self.timeline.set_model(self.messages)
        preferences = PreferenceService(Preferences())
        preferences.put(THEME, look)
        preferences.put(LANGUAGE, language)
        self.window = MainWindow(theme, self.conversations, self.timeline, preferences)
        self.window.settings.installation = Installation((MODEL,), "models.example.com", True, Path("/data"))
        self.window.sidebar.list._sections._now = lambda: NOW
        self.window.search.palette._now = lambda: NOW
        self.window.resize(*SIZE)
        self.window.composer.picker.set_models((MODEL,), {MODEL: MODEL})
        self.window.show()
        self.settle()

    def sign_in(self) -> None:
        """Show who is signed in and that all is well."""
        person = Profile(ME, "ada", "Ada Okafor", PICTURE, 3, NOW)
        picture = QImage.fromData(portrait())
        account = Account("key", ME, BackendKind.SUPABASE, "https://example.supabase.co", "ada@example.com")
        self.window.show_chat()
        self.window.account.set_account(account)
        self.window.account.set_profile(person, picture)
        self.messages.profile_changed(person)
        self.timeline.set_avatar(PICTURE, picture)
        self.link(SyncState(LinkState.CONNECTED))

    def link(self, state: SyncState) -> None:
        """Show another state of the connection."""
        self.window.account.set_state(state)

    def fill_list(self) -> list[ConversationEntry]:
        """Show the chats of some weeks."""
        titles = _TITLES[self.language]
        entries = [
            entry(
                number,
                title,
                now=NOW,
                hours_ago=_AGES[number - 1],
                pinned=number == 2,
                unread=number == 3,
                model=MODEL,
            )
            for number, title in enumerate(titles, 1)
        ]
        self.conversations.load(entries)
        return entries

    def talk(self, turns: int = 3, *, more: tuple[Message, ...] = ()) -> list[Message]:
        """Open the first chat with so many questions and answers, and then ``more``."""
        rows: list[Message] = []
        for number, (text, reply) in enumerate(_said(self.language)[:turns]):
            asked = 2 * number + 1
            written = NOW - timedelta(minutes=9 * (turns - number) + 4)
            parent = asked - 1 or None
            rows.append(self.row(asked, text, written, parent))
            rows.append(self.row(asked + 1, reply, written + timedelta(minutes=1), asked))
        rows += more
        chosen = conversation_id(1)
        self.messages.load(chosen, rows, False)
        self.window.show_conversation(chosen)
        self.settle()
        return rows

    def row(
        self, number: int, text: str, written: datetime | None = None, parent: int | None = None
    ) -> Message:
        """Make a message of the first chat: odd numbers are Ada's."""
        return message(
            number,
            text,
            model=MODEL if number % 2 == 0 else None,
            created_at=written or NOW - timedelta(minutes=2),
            parent=parent,
            conversation_id=conversation_id(1),
        )

    def apply(self, *rows: Message) -> None:
        """Let messages arrive."""
        self.messages.apply(ChangeSet(messages=tuple(MessageChange(Verb.ADDED, each) for each in rows)))
        self.settle()

    def settle(self) -> None:
        """Let everything be laid out and painted; no time passes."""
        for _ in range(_IDLE_ROUNDS):
            self.application.processEvents()
            self.timeline.flush()

    def shoot(self, path: Path, dialog: QDialog | None = None) -> None:
        """Write what is on screen, with ``dialog`` over the middle of the window."""
        self.settle()
        picture = self.window.grab()
        if dialog is not None:
            picture = _laid_over(picture, dialog, self._theme.tokens.border_strong)
        if not picture.toImage().convertToFormat(QImage.Format.Format_RGB888).save(str(path), quality=0):
            raise OSError(f"{path} cannot be written")

    def close(self) -> None:
        """Take the window away."""
        # Its translator of Qt's own texts would go on in the next picture.
        self._interpreter.speak(SOURCE)
        self.window.close()
        self.window.deleteLater()
        self.settle()


def _laid_over(picture: QPixmap, dialog: QWidget, edge: str) -> QPixmap:
    """Put a dialog over a window, with the edge and the shadow that a desktop gives it."""
    shot = dialog.grab()
    ratio = picture.devicePixelRatio()
    room = picture.deviceIndependentSize()
    size = shot.deviceIndependentSize()
    at = QPoint(round((room.width() - size.width()) / 2), round((room.height() - size.height()) / 2))
    frame = QRectF(QPointF(at), size)
    whole = QPixmap(picture.size())
    whole.setDevicePixelRatio(ratio)
    painter = QPainter(whole)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.drawPixmap(0, 0, picture)
    painter.fillRect(whole.rect(), QColor(0, 0, 0, 70))
    painter.setPen(Qt.PenStyle.NoPen)
    for depth in range(12, 0, -2):
        painter.setBrush(QColor(0, 0, 0, 9))
        painter.drawRoundedRect(frame.adjusted(-depth, 4 - depth, depth, 4 + depth), 12, 12)
    painter.drawPixmap(at, shot)
    painter.setPen(QColor(edge))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.drawRect(frame.adjusted(-0.5, -0.5, 0.5, 0.5))
    painter.end()
    return whole
