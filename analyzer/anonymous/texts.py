"""Texts without names: SIP, HTTP, SDP, XML and the like, character for character as long as they were."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace

from analyzer.anonymous.pseudonyms import Pseudonyms

# Names of hosts that belong to no network: those of namespaces and schemas
PUBLIC = ("w3.org", "xmlsoap.org", "3gpp.org", "openmobilealliance.org", "ietf.org", "iana.org", "dvb.org")
FLAT = "x"
KEPT_USERS = ("3gpp-bootstrapping", "3gpp-bootstrapping-uicc", "3gpp-bootstrapping-digest", "anonymous")

_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9_-]*[A-Za-z0-9])?"
_HOST = rf"(?:{_LABEL}\.)+[A-Za-z][A-Za-z0-9-]*"
# Where a name of a host stands: behind an @, in a URI, in a header, as the sender of Via, alone in its field
_HOSTS = re.compile(
    rf"(?:@|%40|sips?:|https?://|(?:^|\n)Host:[ ]*|SIP/2\.0/[A-Z]+[ ]|[rR]ealm=\"|@[A-Za-z0-9-]*\."
    rf"|-ioi=\"?|generated-at=|maddr=|received=)({_HOST})",
    re.MULTILINE,
)
_V4 = r"(?<![\d.])\d{1,3}(?:\.\d{1,3}){3}(?![\d.])"
_V6 = r"(?<![0-9A-Fa-f:.])(?:[0-9A-Fa-f]{0,4}:){2,7}[0-9A-Fa-f]{0,4}(?![0-9A-Fa-f:])"
_OF_USERS = r"[A-Za-z0-9!$&*+._~'%\x80-\xff-]"
_USER = rf"(?:(?<!{_OF_USERS})|(?<=%3[Aa]))(?:(?!%40|%3[Aa]){_OF_USERS})++(?==?(?:@|%40))"
# Hosts of one label, and realms that are none
_LABELS = (
    rf"(?<=@){_LABEL}(?![A-Za-z0-9_.%-])|(?<=://){_LABEL}(?![A-Za-z0-9_.@-])|(?<=sip:){_LABEL}(?![A-Za-z0-9_.@%~-])"
    rf"|(?:(?<=/UDP )|(?<=/TCP )|(?<=/TLS )|(?<=/SCTP )|(?<=Host: )){_LABEL}(?![A-Za-z0-9_.-])"
    r"|(?<=ealm=\")[^\"@\r\n]+(?=\")"
)
_NUMBER = r"(?<![A-Za-z0-9])\+\d{6,15}(?!\d)|(?<![A-Za-z0-9.])\d{11,22}(?![A-Za-z0-9.])"
_DIALLED = r"(?<=tel:)\+?[0-9A-Fa-f*#.()-]+|(?:(?<=sip:)|(?<=sips:))\+?[0-9.()-]{5,}"
_HEX = (
    r"(?<=[ci]k=\")[0-9A-Fa-f]{32}|(?<=response=\")(?:[0-9A-Fa-f]{2}){16,64}|(?<=rspauth=\")(?:[0-9A-Fa-f]{2}){16,64}"
)
_NAME = (
    r"(?<=\")[^\"\r\n]*+(?=\"[ ]*<[a-z]+:)"
    r"|(?:(?<=[:,]) ?|(?<=\n)[ \t])(?=[A-Za-z\x80-\xff])[^\"<>@;,:=\r\n]++(?=<[a-z]+:)"
)
_DEVICE = r"(?<=-3gpp=)\"?[0-9A-Fa-f]+|(?<=node-id=)\"?[0-9A-Fa-f:-]+|(?<=imei:)[0-9-]+|(?<=uuid:)[0-9A-Fa-f-]+"
_CREDENTIALS = r"(?<=[Bb]asic )[A-Za-z0-9+/]{4,}={0,2}|(?<=[Bb]earer )[A-Za-z0-9._~+/-]+=*"
_OF_SDP = r"(?<=inline:)[A-Za-z0-9+/]{16,}={0,2}|(?<=key-mgmt:mikey )[A-Za-z0-9+/]+={0,2}|(?<=cname:)[^\s;]+"
_TOKEN = re.compile(r"(?:(?!%40)[A-Za-z0-9+/%])+={0,2}")  # base64, escaped or not, and hex
_PRINTED = re.compile(r"[\x20-\x7e]{8,}")  # in octets that are no text
_LINE = re.compile(
    r"^([siepk]=|a=(?:fingerprint|ice-ufrag|ice-pwd|tool|cat|keywds|charset|label|mid|msid):)([^\r\n]*)", re.MULTILINE
)
_OWNER = re.compile(r"^(o=)(\S+)( )", re.MULTILINE)
_PRODUCT = re.compile(
    r"^((?:User-Agent|Server|Organization|Subject|Cookie|Set-Cookie):[ ]*)([^\r\n]*)", re.MULTILINE | re.IGNORECASE
)
_WORD = re.compile(r"[A-Za-z0-9]+(?:-[A-Za-z0-9]+)*")
_VALUE = re.compile(rf"{_WORD.pattern}(?![A-Za-z0-9-]*=[^\s=;,&])")  # not what names a parameter
_OTHERS = re.compile(r"[\x80-\xff]")  # octets of letters that are not ASCII


def hosts_in(text: str) -> Iterator[str]:
    """Yield the domain names that stand where only the name of a host can."""
    for found in _HOSTS.finditer(text):
        name = found[1].lower().rstrip(".")
        if not name.endswith(PUBLIC) and not name.replace(".", "").isdigit():
            yield name


@dataclass(slots=True)
class Texts:
    """Replaces what is known, and what has the form of a name: `known` are strings with what stands for them."""

    names: Pseudonyms
    known: Mapping[str, str] = field(default_factory=dict, repr=False)
    domains: frozenset[str] = frozenset()
    _flat: bool = field(default=False, init=False)
    _sizes: tuple[int, ...] = field(init=False, repr=False)  # of what is known and no word, the longest first
    _pattern: re.Pattern[str] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        domains = "|".join(sorted(map(re.escape, self.domains), key=len, reverse=True))
        host = rf"(?<![A-Za-z0-9_-])(?<![A-Za-z0-9_-]\.)(?:{_LABEL}\.)*(?i:{domains})(?![A-Za-z0-9-])"
        kinds = {
            "host": domains and host, "v4": _V4, "v6": _V6, "user": _USER, "hex": _HEX,
            "word": f"{_NUMBER}|{_DIALLED}|{_NAME}|{_DEVICE}", "label": _LABELS, "base64": f"{_CREDENTIALS}|{_OF_SDP}",
        }  # fmt: skip
        self._sizes = tuple(sorted({len(one) for one in self.known if not _TOKEN.fullmatch(one)}, reverse=True))
        self._pattern = re.compile("|".join(f"(?P<{kind}>{form})" for kind, form in kinds.items() if form))

    def text(self, text: str) -> str:
        """Return a text of the same length."""
        text = _LINE.sub(lambda line: f"{line[1]}{self._words(line[2])}", text)
        text = _OWNER.sub(lambda line: f"{line[1]}{line[2] if '@' in line[2] else self._words(line[2])}{line[3]}", text)
        text = _PRODUCT.sub(lambda line: line[1] + self._words(line[2]), text)
        return self._replaced(text, lambda rest: rest)

    def opaque(self, text: str) -> str:
        """Return a text of the same length that says nothing: only the names of parameters stay."""

        def hidden(rest: str) -> str:
            return _OTHERS.sub(
                "x", _VALUE.sub(lambda word: FLAT * len(word[0]) if self._flat else self._word_of(word[0]), rest)
            )

        return self._replaced(text, hidden)

    def flat(self) -> Texts:
        """Return the same but for what says nothing, which becomes one letter again and again."""
        made = replace(self)
        made._flat = True
        return made

    def _replaced(self, text: str, rest: Callable[[str], str]) -> str:
        done, begin = [], 0
        for found in _TOKEN.finditer(text):
            known = self._word(found[0])
            if known is not None:
                done += [self._named(text[begin : found.start()], rest), known]
                begin = found.end()
        return "".join(done) + self._named(text[begin:], rest)

    def _named(self, text: str, rest: Callable[[str], str]) -> str:
        done, begin = [], 0
        for found in self._pattern.finditer(text):
            done += [rest(text[begin : found.start()]), self._other(found)]
            begin = found.end()
        return "".join(done) + rest(text[begin:])

    def _word(self, text: str) -> str | None:
        """Return what stands for a word that is known, with as much padding of base64 as it has or without."""
        bare = text.rstrip("=")
        known = self.known.get(text)
        return self.known[bare] + text[len(bare) :] if known is None and bare in self.known else known

    def octets(self, data: bytes) -> bytes:
        """Return octets in which a character is an octet."""
        return self.text(data.decode("latin-1")).encode("latin-1")

    def embedded(self, data: bytes) -> bytes:
        """Return octets that are no text: what is known is replaced, and in words between what looks like names."""
        return _PRINTED.sub(lambda found: self.text(found[0]), self._raw(data.decode("latin-1"))).encode("latin-1")

    def _raw(self, text: str) -> str:
        """Return octets with those that are known as they are replaced: keys, and messages within messages."""
        done, at, begin = [], 0, 0
        while at < len(text) and self._sizes:
            for size in self._sizes:
                if text[at : at + size] in self.known:
                    done += [text[begin:at], self.known[text[at : at + size]]]
                    begin = at = at + size
                    break
            else:
                at += 1
        return "".join(done) + text[begin:]

    def hex(self, text: str) -> str:
        """Return other octets in hex."""
        return self.names.octets(bytes.fromhex(text), "hex").hex()

    def _words(self, text: str) -> str:
        return _OTHERS.sub("x", _WORD.sub(lambda word: self._word_of(word[0]), text))

    def _word_of(self, word: str) -> str:
        return word if _is_protocol(word) else self.names.word(word)

    def _other(self, found: re.Match[str]) -> str:
        text = found[0]
        match found.lastgroup:
            case "host":
                return self.names.host(text)
            case "v4":
                return self.names.address(text)
            case "v6":
                return self.names.address(text) if _is_address(text) else text
            case "user":
                return text if text.lower() in KEPT_USERS else _OTHERS.sub("x", self.names.word(text))
            case "hex":
                return self.hex(text)
            case "label":
                return self.names.host(text)
            case "base64":
                return self.names.encoded(text)
            case _:
                return _OTHERS.sub("x", self.names.word(text))


def domains_of(names: Iterable[str]) -> frozenset[str]:
    """Return the domains that names of hosts lie in: their last two labels, or all of those of a private network."""
    return frozenset(".".join(name.split(".")[-2:]) for name in names)


def _is_protocol(word: str) -> bool:
    return "3gpp" in word.lower() or word.lower() in ("sip", "http", "mbms", "gba", "uicc")


def _is_address(text: str) -> bool:
    try:
        return ipaddress.ip_address(text).version == 6
    except ValueError:
        return False
