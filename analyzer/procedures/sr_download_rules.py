"""Rules on downloads under the delivered keys: DCFs and the FDT that describes them (TS 33.246 6.6.3)."""

from __future__ import annotations

from collections.abc import Iterator

from analyzer.correlate import bodies
from analyzer.judging import CannotTell, NotHere, Problem, Rule, Run, Story, once, rule, wrong
from analyzer.keys.dcf import HMAC_SHA1
from analyzer.keys.downloads import mbms_keys
from analyzer.procedures.media import MEDIA
from dissectors import Message
from dissectors.dcf import MBMS_KEY, Dcf


def _objects(run: Run) -> list[tuple[Message, Dcf]]:
    """Return the DCFs of a run that could be read to their ends; NotHere where there are none."""
    found = [(m, m.body) for m in run.all("object") if isinstance(m.body, Dcf)]
    if not found:
        raise NotHere
    return [(message, body) for message, body in found if message.error is None]


@rule(
    "SR-13", MEDIA, clause="TS 33.246 6.6.3.2", level="shall",
    remedy="BM-SC: name an MTK that was delivered in every DCF, sign every DCF, and put the FDT into a DCF too.",
)  # fmt: skip
def downloads_name_their_keys(run: Run) -> Iterator[Problem]:
    """Each DCF names an MTK that has been delivered and has a signature box; the FDT is in a DCF of its own.

    Without a name the UE does not know which key opens the object. An FDT that nothing protects lets anybody tell
    UEs which objects to take, and from where. An MTK that is not seen is no failure: one packet of FLUTE that was
    not captured is enough for that.
    """
    open_ = ""
    for message, body in _objects(run):
        for content in body.contents:
            for key in content.keys:
                if key.kind == MBMS_KEY and not key.msk_id:
                    yield wrong("a KeyID that is no base64 of Key Domain ID, MSK ID and MTK ID", message)
        if body.signature is None:
            yield wrong("a DCF without a signature box", message)
        for key in mbms_keys(body):
            text = f"MTK {key.mtk_id.hex()} under MSK {key.msk_id.hex()}"
            if (key.key_domain, key.msk_id, key.mtk_id) not in _delivered(run.story):
                open_ = open_ or f"{text} may have been delivered where the capture does not show it"
    plain = run.all("fdt")
    if plain and any(bodies.is_object(message) for message, _ in _objects(run)):
        yield wrong("an FDT that is in no DCF, beside DCFs of its session", plain[0])
    if open_:
        raise CannotTell(open_)


@once
def _delivered(story: Story) -> frozenset[tuple[bytes | None, bytes, bytes]]:
    found = set(story.chain.mtks)
    for message in story.traffic.mikey:
        body = bodies.mikey(message)
        if body is not None and bodies.is_mtk_message(body):
            found.add((body.key_domain_id, body.msk_id or b"", body.mtk_id or b""))
    return frozenset(found)


@rule(
    "SR-14", MEDIA, clause="TS 33.246 6.6.3.2, 6.5.4", level="shall",
    remedy="BM-SC: sign with the authentication key of the MTK that the DCF names, from the CSB ID of its own message.",
)  # fmt: skip
def downloads_are_signed(run: Run) -> Iterator[Problem]:
    """The signature of a DCF is the HMAC-SHA-1 of the file under the authentication key of its MTK.

    A UE throws away what does not verify. The texts leave open what of the file is signed: a signature is held
    against the BM-SC only where another one under the same key shows how it signs.
    """
    signed = [(m, body) for m, body in _objects(run) if body.signature and body.signature.method == HMAC_SHA1]
    if not signed:
        raise NotHere
    open_ = ""
    chain = run.story.chain
    proven = {
        (key.key_domain, key.msk_id, key.mtk_id)
        for message, body in signed
        if chain.unpacked[id(message)].ok
        for key in mbms_keys(body)
    }
    for message, body in signed:
        unpacked = chain.unpacked[id(message)]
        names = [(key.key_domain, key.msk_id, key.mtk_id) for key in mbms_keys(body)]
        if unpacked.ok:
            continue
        if not unpacked.tried:
            open_ = open_ or f"the MTK is needed to check the signature of the DCF in frame {message.frame}"
        elif not proven.intersection(names):
            open_ = open_ or f"no reading of TS 33.246 fits the signature of the DCF in frame {message.frame}"
        else:
            yield wrong("the signature fails under the MTK that the DCF names", message)
    if open_:
        raise CannotTell(open_)


RULES: tuple[Rule, ...] = (downloads_name_their_keys, downloads_are_signed)
