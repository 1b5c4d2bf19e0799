"""SIP and HTTP messages, multipart and XML bodies, SDP and digest, written by hand."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

CRLF = "\r\n"
DECLARATION = '<?xml version="1.0" encoding="UTF-8"?>'
BOUNDARY = "mbms-boundary"

Header = tuple[str, str]
HeaderEdit = str | Sequence[str] | None


@dataclass(frozen=True)
class Text:
    """A SIP or HTTP message; Content-Length is written when it is made, unless a header gives it."""

    line: str
    headers: tuple[Header, ...] = ()
    body: bytes = b""

    @classmethod
    def of(cls, line: str, headers: Mapping[str, str | None], body: bytes = b"") -> Text:
        """Make a message; headers that are None are left out."""
        return cls(line, tuple((name, value) for name, value in headers.items() if value is not None), body)

    def get(self, name: str) -> str | None:
        return next((value for key, value in self.headers if key.lower() == name.lower()), None)

    def with_header(self, name: str, value: HeaderEdit) -> Text:
        """Replace all headers of a name, where the first stands or at the end; None takes them away."""
        values = [] if value is None else [value] if isinstance(value, str) else list(value)
        kept: list[Header] = []
        placed = False
        for key, old in self.headers:
            if key.lower() != name.lower():
                kept.append((key, old))
            elif not placed:
                kept += [(key, new) for new in values]
                placed = True
        if not placed:
            kept += [(name, new) for new in values]
        return replace(self, headers=tuple(kept))

    def octets(self) -> bytes:
        headers = self.headers
        if self.line.startswith("GET ") and not self.body:
            pass
        elif self.get("Content-Length") is None:
            headers = (*headers, ("Content-Length", str(len(self.body))))
        return (self.line + CRLF + "".join(f"{k}: {v}{CRLF}" for k, v in headers) + CRLF).encode() + self.body


@dataclass(frozen=True)
class Edit:
    """What a fault changes in one message of a step.

    `line`, `headers`, `body` come before a digest is computed over the message; `late` headers after it;
    `mutate` changes the octets last. `drop` leaves the message out, `delay` (s) sends it later, everything
    after it too; `shift` (s, may be negative) moves this message alone; `repeat` sends it so many times more.
    `src` and `dst` are other addresses. `digest` are directives of Authorization or Authentication-Info that
    go into the computation, `claim` directives put in after it.
    """

    line: str | None = None
    headers: Mapping[str, HeaderEdit] = field(default_factory=dict)
    late: Mapping[str, HeaderEdit] = field(default_factory=dict)
    body: bytes | str | None = None
    mutate: Callable[[bytes], bytes] | None = None
    drop: bool = False
    delay: float = 0.0
    shift: float = 0.0
    repeat: int = 0
    src: str | None = None
    dst: str | None = None
    digest: Mapping[str, str | None] = field(default_factory=dict)
    claim: Mapping[str, str | None] = field(default_factory=dict)

    def early(self, text: Text) -> Text:
        """Apply line, headers and body."""
        if self.line is not None:
            text = replace(text, line=self.line)
        if self.body is not None:
            text = replace(text, body=self.body.encode() if isinstance(self.body, str) else self.body)
        for name, value in self.headers.items():
            text = text.with_header(name, value)
        return text

    def finish(self, text: Text) -> bytes:
        """Apply late headers and mutate; return the octets to send."""
        for name, value in self.late.items():
            text = text.with_header(name, value)
        return self.changed(text.octets())

    def changed(self, octets: bytes) -> bytes:
        return octets if self.mutate is None else self.mutate(octets)


NO_EDIT = Edit()
Edits = Mapping[str, Edit]


# ------------------------------------------------------------------------------------------------ digest


def md5(*parts: str | bytes) -> str:
    joined = b":".join(part if isinstance(part, bytes) else part.encode() for part in parts)
    return hashlib.md5(joined, usedforsecurity=False).hexdigest()


def digest_response(
    *, username: str, realm: str, password: bytes, nonce: str, uri: str, qop: str, cnonce: str, nc: str,
    method: str, body: bytes,
) -> str:  # fmt: skip
    """Return the response of RFC 2617 3.2.2; with an empty method it is rspauth (3.2.3)."""
    ha1 = md5(username, realm, password)
    ha2 = md5(method, uri, md5(body)) if qop == "auth-int" else md5(method, uri)
    return md5(ha1, nonce, nc, cnonce, qop, ha2)


def digest_of(given: Mapping[str, str | None], password: bytes, method: str, body: bytes) -> str:
    """Return the response over directives as they stand, or with an empty method the rspauth."""

    def of(name: str) -> str:
        return given.get(name) or ""

    return digest_response(
        username=of("username"), realm=of("realm"), password=password, nonce=of("nonce"), uri=of("uri"),
        qop=of("qop"), cnonce=of("cnonce"), nc=of("nc"), method=method, body=body,
    )  # fmt: skip


BARE = frozenset(("nc", "algorithm", "stale", "qop"))  # directives whose values need no quotes


def directives(given: Mapping[str, str | None], *, bare: Iterable[str] = BARE) -> str:
    """Write directives in their order; those with None are left out."""
    plain = set(bare)
    return ", ".join(f"{k}={v}" if k in plain else f'{k}="{v}"' for k, v in given.items() if v is not None)


def base64_of(octets: bytes) -> str:
    return base64.b64encode(octets).decode()


# ------------------------------------------------------------------------------------------------ bodies


def sdp(
    *,
    ip: str,
    group: str,
    port: int,
    services: Sequence[str],
    direction: str,
    owner: str = "-",
    extra: Sequence[str] = (),
    tsi: int | None = None,
    source: str = "",
) -> bytes:
    """Return the SDP of an MBMS session (TS 26.237 8.3.3), or with a `tsi` of a download from a `source` (14.2.2)."""
    family, target = ("IP6", group) if ":" in group else ("IP4", f"{group}/127" if _is_group(group) else group)
    media = [f"m=video {port} RTP/SAVP 96", f"c=IN {family} {target}", "a=rtpmap:96 H264/90000"]
    attribute = "mbms_service"
    if tsi is not None:
        media = [f"m=application {port} FLUTE/UDP 0", f"c=IN {family} {target}"]
        media += [f"a=source-filter: incl IN {family} * {source}", f"a=flute-tsi:{tsi}"]
        attribute = "mbms_download_service"
    lines = [
        "v=0",
        f"o={owner} 3976657600 1 IN {family} {ip}",
        "s=MBMS",
        "t=0 0",
        *media,
        *(f"a={attribute}:{service}" for service in services),
        f"a={direction}",
        *extra,
    ]
    return (CRLF.join(lines) + CRLF).encode()


def _is_group(address: str) -> bool:
    return 224 <= int(address.split(".", maxsplit=1)[0]) < 240


def multipart(parts: Sequence[tuple[str, bytes]], boundary: str = BOUNDARY) -> bytes:
    """Return a multipart/mixed body of (Content-Type, octets)."""
    octets = b""
    for content_type, body in parts:
        octets += f"--{boundary}{CRLF}Content-Type: {content_type}{CRLF}{CRLF}".encode() + body + CRLF.encode()
    return octets + f"--{boundary}--{CRLF}".encode()


def xml(root: str, namespace: str, *children: str) -> bytes:
    """Return a document of one element a line."""
    return CRLF.join([DECLARATION, f'<{root} xmlns="{namespace}">', *children, f"</{root}>", ""]).encode()


def bootstrapping_info(b_tid: str, lifetime: str) -> bytes:
    return xml("BootstrappingInfo", "uri:3gpp-gba", f"<btid>{b_tid}</btid>", f"<lifetime>{lifetime}</lifetime>")


def _services(root: str, namespace: str, services: Sequence[str]) -> bytes:
    return xml(root, namespace, *(f"<serviceID>{service}</serviceID>" for service in services))


def register_xml(services: Sequence[str]) -> bytes:
    return _services("mbmsSecurityRegister", "urn:3GPP:metadata:2005:MBMS:securityRegistration", services)


def deregister_xml(services: Sequence[str]) -> bytes:
    return _services("mbmsSecurityDeregister", "urn:3GPP:metadata:2005:MBMS:securityDeregistration", services)


def authorize_xml(services: Sequence[str]) -> bytes:
    return _services("mbmsAuthorize", "urn:3GPP:metadata:2005:MBMS:authorize", services)


def service_statuses_xml(statuses: Mapping[str, int]) -> bytes:
    """Return the answer to a registration or deregistration: a status for each service."""
    return xml(
        "mbmsSecurityRegisterResponse",
        "urn:3GPP:metadata:2005:MBMS:securityRegistrationResponse",
        *(
            f"<Response><serviceID>{service}</serviceID><ResponseCode>{code}</ResponseCode></Response>"
            for service, code in statuses.items()
        ),
    )


def _msk(domain: bytes, msk_id: bytes) -> str:
    texts = base64_of(domain), base64_of(msk_id)
    return f"<keyDomainID>{texts[0]}</keyDomainID><MSKID>{texts[1]}</MSKID>"


def msk_xml(pairs: Sequence[tuple[bytes, bytes]]) -> bytes:
    """Return an MSK request for (Key Domain ID, MSK ID) pairs."""
    return xml("mbmsMSK", "urn:3GPP:metadata:2005:MBMS:msk", *(f"<MSK>{_msk(*pair)}</MSK>" for pair in pairs))


def msk_statuses_xml(statuses: Mapping[tuple[bytes, bytes], int]) -> bytes:
    return xml(
        "mbmsMSKResponse",
        "urn:3GPP:metadata:2005:MBMS:mskResponse",
        *(
            f"<Response>{_msk(*pair)}<ResponseCode>{code}</ResponseCode></Response>"
            for pair, code in statuses.items()
        ),
    )  # fmt: skip


def b_tid_xml(*b_tids: str) -> bytes:
    """Return TS 26.237 Annex I.1."""
    return xml(
        "mbmsAuthorizedSecurityRegister",
        "urn:3GPP:metadata:2005:MBMS:bootstrappingTransactionIdentifier",
        *(f"<btid>{b_tid}</btid>" for b_tid in b_tids),
    )


def naf_key_info_xml(
    *, ue_ip: str | None, muk: bytes | None, lifetime: str | None, b_tid: str | None, naf_fqdn: str | None
) -> bytes:  # fmt: skip
    """Return TS 26.237 Annex I.2; what is None is left out."""
    named = {
        "ueIPaddress": ue_ip,
        "muk": None if muk is None else base64_of(muk),
        "mukLifeTime": lifetime,
        "btid": b_tid,
        "nafFqdn": None if naf_fqdn is None else base64_of(naf_fqdn.encode()),
    }
    return xml(
        "mbmsAuthorizedSecurityRegister",
        "urn:3GPP:metadata:2005:MBMS:nafKeyInfo",
        *(f"<{name}>{value}</{name}>" for name, value in named.items() if value is not None),
    )
