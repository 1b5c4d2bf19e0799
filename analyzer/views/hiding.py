"""Keeps key octets out of what is shown of a message, in whatever form the network wrote them."""

from __future__ import annotations

import base64
from collections.abc import Iterable

from dissectors.base import Field

MIN_SECRET = 8  # octets; anything shorter turns up by chance


class Hider:
    """Knows secrets as octets, hex digits and base64, and finds them in time linear in what is looked at."""

    def __init__(self, secrets: Iterable[bytes]) -> None:
        self._by_length: dict[int, set[bytes]] = {}
        for secret in secrets:
            if len(secret) >= MIN_SECRET:
                for form in _forms(secret):
                    self._by_length.setdefault(len(form), set()).add(form)

    def holds_secret(self, data: bytes) -> bool:
        """Say whether octets hold a secret anywhere."""
        return any(
            data[start : start + length] in known
            for length, known in self._by_length.items()
            for start in range(len(data) - length + 1)
        )

    def hides(self, field: Field) -> bool:
        """Say whether the value or the text of a field must not be shown."""
        value = field.value
        data = value if isinstance(value, bytes) else str(value).encode("utf-8", "surrogatepass")
        return self.holds_secret(data) or (bool(field.text) and self.holds_secret(field.text.encode()))


def _forms(secret: bytes) -> tuple[bytes, ...]:
    digits = secret.hex().encode()
    return secret, digits, digits.upper(), base64.b64encode(secret).rstrip(b"=")
