"""From the story of a case to its report."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date

from analyzer import gist, openings, waivers
from analyzer.capture.frame import CaptureFacts
from analyzer.correlate import bodies, gba
from analyzer.correlate.clocks import Clock
from analyzer.correlate.handshakes import Handshake, handshakes
from analyzer.correlate.nodes import ROLES
from analyzer.correlate.sessions import Session
from analyzer.decode.decoder import DecodeFacts
from analyzer.diagnosis import diagnose
from analyzer.judging import Run, Step, Story, once
from analyzer.keys.chain import Shut, Unpacked
from analyzer.keys.key import Key
from analyzer.media import Group
from analyzer.procedures.delivery import audience
from analyzer.procedures.roles import owners
from analyzer.report import (
    CaseReport,
    DownloadReport,
    Judgement,
    KeyReport,
    MediaReport,
    OpenedReport,
    ProcedureReport,
    StepReport,
    ToleranceReport,
    UeReport,
    seconds,
    verdict_of,
)
from dissectors import Message
from dissectors.dcf import Dcf
from dissectors.mikey import Mikey


def case_report(
    name: str,
    captures: Sequence[CaptureFacts],
    decoded: DecodeFacts,
    story: Story,
    runs: Sequence[tuple[str, Run]],
    judgements: Sequence[Judgement],
    show_keys: bool,
    clocks: Sequence[Clock] = (),
    waiving: Sequence[waivers.Waiver] = (),
    today: date | None = None,
) -> CaseReport:
    """Make the report of a case; its verdict is the worst of all rules above level info that nobody waived."""
    by_ue: dict[str, list[Run]] = {}
    for _, run in runs:
        for session in run.ues:
            by_ue.setdefault(session.id, []).append(run)
    ues = tuple(_ue(session, story, by_ue.get(session.id, ()), show_keys) for session in story.traffic.sessions)
    judged = waivers.apply(judgements, ues, waiving, today)
    return CaseReport(
        name=name,
        verdict=verdict_of(judged),
        captures=tuple(map(gist.capture, captures)),
        ues=ues,
        judgements=judged,
        diagnoses=diagnose(story, runs, judged),
        media=tuple(_media(group) for group in story.media),
        malformed=gist.malformed(story.traffic.messages, decoded),
        sightings=gist.sightings(story.traffic.folded),
        clocks=tuple(map(gist.clock, clocks)),
        downloads=tuple(_download(unpacked) for unpacked in story.chain.unpacked.values()),
        profile=story.profile.name,
        tolerances=tuple(
            ToleranceReport(known.name, seconds(now), seconds(known.default))
            for known, now in story.tolerances.changed()
        ),
    )


def _ue(session: Session, story: Story, runs: Sequence[Run], show_keys: bool) -> UeReport:
    return UeReport(
        id=session.id,
        impi=session.impi,
        impu=session.impu,
        b_tid=session.b_tid,
        addresses=session.addresses,
        services=session.services,
        procedures=tuple(
            procedure_report(f"{session.id}.p{number}", run) for number, run in enumerate(runs, 1)
        ),
        keys=(*(_key(session, story, key, show_keys) for key in keys_of(session, story)), *unopened(session, story)),
    )  # fmt: skip


def procedure_report(name: str, run: Run) -> ProcedureReport:
    """Account for one run: its steps in the order of time."""
    return ProcedureReport(
        id=name,
        kind=run.procedure.kind,
        clause=run.procedure.clause,
        outcome=run.outcome,
        start=seconds(run.start),
        end=seconds(run.end),
        steps=_steps(run),
    )


@once
def _steps(run: Run) -> tuple[StepReport, ...]:
    planned = {step.name: step for step in run.procedure.steps}
    steps = [_step(run, name, planned.get(name), message) for name, found in run.steps.items() for message in found]
    steps += [_media_step(group) for group in run.media]
    return tuple(sorted(steps, key=lambda step: (step.time, step.capture, step.frame)))


def _step(run: Run, name: str, planned: Step | None, message: Message) -> StepReport:
    """Name the ends by what they were seen to be; an address that was nothing else keeps the step's role."""
    nodes, payload = run.story.traffic.nodes, message.payload
    sender, receiver = nodes.role(payload.src), nodes.role(payload.dst)
    if planned is not None:
        sender = planned.sender if sender == payload.src else sender
        receiver = planned.receiver if receiver == payload.dst else receiver
    return StepReport(
        name, sender, receiver, payload.capture, message.frame, seconds(message.time),
        message.protocol, bodies.summary(message),
    )  # fmt: skip


def _media_step(group: Group) -> StepReport:
    mki = "in the clear" if group.mki is None else f"MKI {group.mki.hex()}"
    count = f"{group.packets} packet{'' if group.packets == 1 else 's'}"
    return StepReport(
        "media", "bm-sc", "multicast", group.capture, group.frame, seconds(group.first),
        group.protocol, f"{count} to {group.destination}:{group.port}, {mki}",
    )  # fmt: skip


def handshakes_of(session: Session, story: Story) -> tuple[Handshake, ...]:
    """Return the handshakes of TLS and DTLS with a UE, and those between nodes, which serve all UEs."""
    mine = set(session.addresses)
    return tuple(
        each
        for each, ends in _handshakes(story)
        if ends & mine or (not ends & _of_ues(story) and all(story.traffic.nodes.role(end) in ROLES for end in ends))
    )


@once
def _handshakes(story: Story) -> tuple[tuple[Handshake, frozenset[str]], ...]:
    """All handshakes with the addresses of their ends."""
    return tuple((each, frozenset((each.client, each.server))) for each in handshakes(story.traffic.messages))


@once
def _of_ues(story: Story) -> frozenset[str]:
    return frozenset(address for session in story.traffic.sessions for address in session.addresses)


def handshake_steps(story: Story) -> tuple[StepReport, ...]:
    """Return a step for each handshake that a UE or a node took part in; they are of no procedure."""
    nodes = story.traffic.nodes
    told = {id(each): each for session in story.traffic.sessions for each in handshakes_of(session, story)}
    return tuple(
        StepReport(
            each.name, nodes.role(each.client), nodes.role(each.server), each.first.payload.capture, each.first.frame,
            seconds(each.first.time), each.first.protocol, f"{each.name} {each.summary}",
        )
        for each in told.values()
    )  # fmt: skip


def keys_of(session: Session, story: Story) -> tuple[Key, ...]:
    """Return the keys of a UE: those bound to its B-TIDs or IMPI, and the MSKs and MTKs that are for it."""
    owned = _owned(story)
    names = [
        ("ue", session.id),
        *(("b_tid", name) for name in session.b_tid),
        *(("impi", name) for name in session.impi),
    ]
    places = sorted({place for name in names for place in owned.get(name, ())})
    return tuple(story.chain.keys[place] for place in places)


@once
def _owned(story: Story) -> dict[tuple[str, str], list[int]]:
    """The places in the chain of the keys that each B-TID, IMPI or UE has."""
    owned: dict[tuple[str, str], list[int]] = {}
    for place, key in enumerate(story.chain.keys):
        if key.kind == "MTK" or (key.kind == "MSK" and key.b_tid is None):
            names = [("ue", session.id) for session in audience(story, key.key_domain, key.msk_id)]
        elif key.b_tid is not None:
            names = [("b_tid", key.b_tid)]
        else:
            names = [("impi", key.impi or "")]
        for name in names:
            owned.setdefault(name, []).append(place)
    return owned


def _key(session: Session, story: Story, key: Key, show: bool) -> KeyReport:
    return key_report(key, show, openings.of_key(story, key), openings.state(story, session, key))


def key_report(
    key: Key, show: bool, opened: tuple[OpenedReport, ...] = (), state: str | None = None
) -> KeyReport:  # fmt: skip
    """Account for one key, what it opened, and its state; its octets only where the user asked for them."""
    valid: dict[str, int | float | str | None] = {}
    if key.kind == "MSK":
        valid = {"mtk_from": key.valid_from, "mtk_to": key.valid_to}
    elif key.expires is not None:
        valid = {"expires": seconds(key.expires)}
    return KeyReport(
        kind=key.kind,
        id={
            "key_domain": _hex(key.key_domain),
            "msk_id": _hex(key.msk_id),
            "mtk_id": _hex(key.mtk_id),
            "b_tid": key.b_tid,
            "naf": key.naf,
        },
        status=key.status,
        fingerprint=key.fingerprint,
        value=key.value.hex() if show else None,
        origin=key.origin if not key.variant else f"{key.origin} ({key.variant})",
        valid=valid,
        capture=key.capture,
        frame=key.frame,
        parents=tuple(parent.fingerprint for parent in key.parents),
        opened=opened,
        state=state,
    )


def unopened(session: Session, story: Story) -> Iterator[KeyReport]:
    """Account for the MSKs and MTKs of a UE that MIKEY carried and no key opened, once each."""
    held = {(key.kind, key.key_domain, key.msk_id, key.mtk_id) for key in keys_of(session, story)}
    for shut, body in _shut(story).get(session.id, ()):
        message, name = shut.message, _name(body)
        if name in held:
            continue
        held.add(name)
        kind, under = name[0], "MUK" if name[0] == "MSK" else "MSK"
        reason = f"none of {shut.tried} tried as its {under} fits" if shut.tried else f"no {under} at hand"
        if kind == "MSK" and body.idr is not None and body.idr.text in _of_digest(story):
            reason += ": its bootstrapping was GBA_Digest, so that MUK or Ks_NAF of this B-TID has to be given"
        yield KeyReport(
            kind=kind,
            id={
                "key_domain": _hex(body.key_domain_id),
                "msk_id": _hex(body.msk_id),
                "mtk_id": _hex(body.mtk_id),
                "b_tid": None if body.idr is None else body.idr.text,
                "naf": None if body.idi is None else body.idi.text,
            },
            status="mac-failed" if shut.tried else "no-key",
            fingerprint=None,
            value=None,
            origin=f"MIKEY, frame {message.frame}, {reason}",
            valid={"mtk_from": None, "mtk_to": None} if kind == "MSK" else {},
            capture=message.payload.capture,
            frame=message.frame,
        )


@once
def _of_digest(story: Story) -> frozenset[str]:
    """Return the B-TIDs of GBA_Digest (TS 33.220 Annex M), as Ub or Zn tells."""
    made = (run.b_tid for run in story.traffic.bootstrappings if run.of_digest)
    told = (keys.b_tid for keys in story.traffic.naf_keys if keys.type == gba.OF_DIGEST)
    return frozenset(b_tid for b_tid in (*made, *told) if b_tid)


@once
def _shut(story: Story) -> Mapping[str, list[tuple[Shut, Mikey]]]:
    """Return the messages that no key opened by the UE that they are for, in the order of time; of an MTK the first."""
    found: dict[str, list[tuple[Shut, Mikey]]] = {}
    mtks: set[tuple[str, bytes | None, bytes | None, bytes | None]] = set()
    for shut in sorted(story.chain.shut.values(), key=lambda shut: (shut.message.time, shut.message.frame)):
        body = bodies.mikey(shut.message)
        if body is None or bodies.is_solicited_pull(body):
            continue
        name = _name(body)
        ues = owners(story, shut.message) if name[0] == "MSK" else ()
        if name[0] == "MTK" and name not in mtks:
            mtks.add(name)
            ues = audience(story, body.key_domain_id, body.msk_id)
        for session in ues:
            found.setdefault(session.id, []).append((shut, body))
    return found


def _name(body: Mikey) -> tuple[str, bytes | None, bytes | None, bytes | None]:
    """Return what names the key that a MIKEY message brings."""
    return "MSK" if bodies.is_msk_message(body) else "MTK", body.key_domain_id, body.msk_id, body.mtk_id


def _hex(octets: bytes | None) -> str | None:
    return None if octets is None else octets.hex()


def _media(group: Group) -> MediaReport:
    return MediaReport(
        destination=_end(group.destination, group.port),
        ssrc=f"0x{group.ssrc:08x}",
        key_domain=_hex(group.key_domain),
        msk_id=_hex(group.msk_id),
        mtk_id=_hex(group.mtk_id),
        packets=group.packets,
        authenticated=group.authenticated,
        failed=group.failed,
        no_key=group.no_key,
        not_checked=group.not_checked,
        first=seconds(group.first),
        last=seconds(group.last),
        protocol=group.protocol,
    )


def _download(unpacked: Unpacked) -> DownloadReport:
    at, body = unpacked.message.payload, unpacked.message.body
    contents = body.contents if isinstance(body, Dcf) else ()
    signature = body.signature if isinstance(body, Dcf) else None
    name = next((key for content in contents for key in content.keys if key.msk_id), None)
    if signature is None or not signature.method:
        signed = "none"
    else:
        signed = {True: "verified", False: "failed", None: "no-key"}[unpacked.ok]
    if not any(content.encryption for content in contents):
        opened = "clear"
    elif None not in (unpacked.plains or (None,)):
        opened = "decrypted"
    else:
        opened = "failed" if unpacked.tried else "no-key"
    return DownloadReport(
        source=_end(at.src, at.sport),
        destination=_end(at.dst, at.dport),
        capture=at.capture,
        frame=at.frame,
        key_domain=None if name is None else name.key_domain.hex(),
        msk_id=None if name is None else name.msk_id.hex(),
        mtk_id=None if name is None else name.mtk_id.hex(),
        content_types=tuple(content.content_type for content in contents),
        octets=len(at.data),
        signature=signed,
        content=opened,
    )


def _end(address: str, port: int) -> str:
    return f"[{address}]:{port}" if ":" in address else f"{address}:{port}"
