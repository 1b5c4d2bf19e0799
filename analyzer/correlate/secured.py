"""What records of TLS and DTLS come to, in words: who is called, and what both ends agree on."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from dissectors import tls_names as names
from dissectors.tls import Handshake, Record, Tls
from dissectors.tls_hello import Hello

ENCRYPTED = "Encrypted Handshake Message"
FATAL = 2  # of the levels of an alert


def summary(body: Tls) -> str:
    """Return a line that tells a person what records say."""
    return ", ".join(dict.fromkeys(told for record in body.records for told in _record(record)))


def agreed(bodies: Iterable[Tls]) -> str:
    """Return what a handshake came to: version and suite, whom the client called, and alerts that end it."""
    records = [record for body in bodies for record in body.records]
    hellos = [h.hello for record in records for h in record.handshakes if h.hello is not None]
    chosen = next((hello for hello in hellos if not hello.client and not hello.is_retry), None)
    called = dict.fromkeys(name for hello in hellos if hello.client for name in hello.server_names)
    told = [f"to {', '.join(called)}"] if called else []
    if chosen is not None:
        told += [_version(chosen), *(names.suite(suite).partition(" (")[0] for suite in chosen.suites[:1])]
    elif hellos:
        told.append("no Server Hello")
    else:
        told.append("handshake not seen")
    told += dict.fromkeys(_alert(*record.alert) for record in records if record.alert and record.alert[0] == FATAL)
    return ", ".join(told)


def _record(record: Record) -> Iterator[str]:
    if record.handshakes:
        yield from map(_handshake, record.handshakes)
    elif record.kind == names.HANDSHAKE:
        yield ENCRYPTED
    elif record.alert is not None:
        yield _alert(*record.alert)
    elif record.kind == names.ALERT:
        yield "Encrypted Alert"
    else:
        of = f" for connection {record.connection_id.hex()}" if record.connection_id else ""
        yield f"{names.DATAGRAM_TYPES[record.kind]}{of}"


def _alert(level: int, what: int) -> str:
    return f"{names.ALERT_LEVELS.get(level, level)} Alert: {names.ALERTS.get(what, what)}"


def _handshake(handshake: Handshake) -> str:
    if handshake.hello is not None:
        return _hello(handshake.hello)
    name = names.HANDSHAKES.get(handshake.kind, f"handshake message {handshake.kind}")
    if not handshake.identity:
        return name
    what = "PSK identity" if handshake.kind == names.CLIENT_KEYS else "PSK identity hint"
    return f"{name} with {what} {handshake.identity}"


def _hello(hello: Hello) -> str:
    version = _version(hello)
    if not hello.client:
        what = "Hello Retry Request" if hello.is_retry else names.HANDSHAKES[names.SERVER_HELLO]
        return f"{what}: {version}, {names.suite(hello.suites[0]).partition(' (')[0]}"
    to = f" to {', '.join(hello.server_names)}" if hello.server_names else ""
    asked = [version, f"{len(hello.suites)} cipher suite{'' if len(hello.suites) == 1 else 's'}"]
    asked += [f"for {', '.join(hello.protocols)}"] if hello.protocols else []
    asked += [f"PSK identity {', '.join(hello.identities)}"] if hello.identities else []
    return f"{names.HANDSHAKES[names.CLIENT_HELLO]}{to}: {', '.join(asked)}"


def _version(hello: Hello) -> str:
    offered = [version for version in hello.versions if not names.is_reserved(version)]
    return names.version(offered[0] if offered else hello.version).partition(" (")[0]
