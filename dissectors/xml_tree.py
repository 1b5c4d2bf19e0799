"""Reads an XML document from the network into elements that know the octets they stand at."""

from __future__ import annotations

from dataclasses import dataclass
from xml.etree.ElementTree import ParseError  # the exception only; defusedxml does the parsing

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import XMLParser

MAX_ELEMENTS = 10_000
MAX_LEVELS = 32


class Element:
    """One element: octets start..end, `tag` as sent and `name` in lower case, both without namespace."""

    __slots__ = ("attributes", "children", "end", "name", "namespace", "pieces", "start", "tag")

    def __init__(self, tag: str, attributes: dict[str, str], start: int) -> None:
        self.namespace, _, local = tag.rpartition("}")
        self.tag = local
        self.name = local.lower()
        self.attributes = attributes
        self.start = start
        self.end = start
        self.pieces: list[str] = []
        self.children: list[Element] = []

    @property
    def text(self) -> str:
        return "".join(self.pieces).strip()

    def walk(self) -> list[Element]:
        """Return this element and all below it, in the order of their octets."""
        found = [self]
        for child in self.children:
            found += child.walk()
        return found

    def own_values(self) -> list[tuple[str, str]]:
        """Return (name in lower case, value) of the attributes, and of the text when nothing is inside."""
        values = [(name.rpartition("}")[2].lower(), value.strip()) for name, value in self.attributes.items()]
        if not self.children:
            values.append((self.name, self.text))
        return values


@dataclass(frozen=True, slots=True)
class Document:
    """The root element as far as it could be read, the offset where reading ended, and why if too early."""

    root: Element | None
    end: int
    problem: str


class _TooMuchError(Exception):
    """More elements or levels than are read."""


class _Builder:
    """Target of the XML parser: builds elements and asks expat where they stand."""

    def __init__(self, octets: bytes) -> None:
        self.octets = octets
        self.parser = XMLParser(target=self, forbid_dtd=True)
        self.expat = self.parser.parser  # the parser forgets it when it is closed
        self.expat.StartElementHandler = self.begin  # straight from expat, as the parser would rewrite each name
        self.expat.EndElementHandler = self.finish
        self.root: Element | None = None
        self.stack: list[Element] = []
        self.count = 0

    def begin(self, tag: str, attributes: list[str]) -> None:
        """Take an element by its "namespace}name", and its attributes: name, value, name, value."""
        self.count += 1
        if self.count > MAX_ELEMENTS or len(self.stack) >= MAX_LEVELS:
            raise _TooMuchError
        named = dict(zip(attributes[::2], attributes[1::2], strict=True)) if attributes else {}
        element = Element(tag, named, self.expat.CurrentByteIndex)
        if self.stack:
            self.stack[-1].children.append(element)
        else:
            self.root = element
        self.stack.append(element)

    def finish(self, tag: str) -> None:
        at, element = self.expat.CurrentByteIndex, self.stack.pop()
        # expat stands behind "<a/>" already, yet before "</a>"
        empty = not element.children and not element.pieces and self.octets.startswith(b"/>", at - 2)
        if not empty and self.octets.startswith(b"</", at):
            at = self.octets.find(b">", at) + 1
        element.end = at

    def data(self, text: str) -> None:
        if self.stack:
            self.stack[-1].pieces.append(text)

    def close(self) -> None:
        """Nothing to hand out: the root is taken from here."""


def read(octets: bytes) -> Document:
    """Read a document; never raises. Document types, and with them entities, are refused."""
    builder = _Builder(octets)
    problem = ""
    try:
        builder.parser.feed(octets)
        builder.parser.close()
    except DefusedXmlException:
        problem = "document types and entities are not accepted"
    except _TooMuchError:
        problem = f"more than {MAX_ELEMENTS} elements or {MAX_LEVELS} levels"
    except ParseError as error:
        problem = f"not well-formed XML: {error.msg}"
    except (ValueError, LookupError):  # expat asks Python about encodings that it does not know itself
        problem = "unknown character encoding"
    at = max(builder.expat.CurrentByteIndex, 0)
    for element in builder.stack:  # cut documents: what is open ends here
        element.end = at
    return Document(builder.root, at, problem)
