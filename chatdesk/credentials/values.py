"""What a vault can keep on every system."""

from __future__ import annotations

from chatdesk.domain.errors import BadInput

LONGEST_VALUE = 999
"""Characters. Windows keeps 2,560 bytes of UTF-16, so 1,280; the rest is room for what keyring adds."""


def check_name(name: str) -> None:
    """Refuse a name that is not printable ASCII; raises ``ValueError``, as names come from the program."""
    if not name or len(name) > 200 or not name.isascii() or not name.isprintable():
        raise ValueError("A vault entry's name is 1 to 200 printable ASCII characters.")


def check_value(value: str) -> None:
    """Refuse a value that some system's vault would cut, change or lose; raises ``BadInput``.

    The value itself never gets into the error.
    """
    if not value:
        raise BadInput("The secret is empty.", "Enter a value.")
    if not value.isascii() or not value.isprintable():
        raise BadInput(
            "The secret has characters that cannot be kept safely on every system.",
            "Copy it again: it may carry a line break or a typographic character.",
        )
    if len(value) > LONGEST_VALUE:
        raise BadInput(
            f"The secret is longer than {LONGEST_VALUE} characters.",
            "Check that nothing else was copied with it.",
        )
