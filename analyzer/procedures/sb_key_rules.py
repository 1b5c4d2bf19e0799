"""Rules on the NAF keys of the SIP based procedure: on Zn, in the POST, in MIKEY (TS 26.237 10.4.2)."""

from __future__ import annotations

from collections.abc import Iterator

from analyzer import profiles
from analyzer.correlate import bodies, gba
from analyzer.correlate.exchanges import Exchange
from analyzer.judging import CannotTell, NotHere, Problem, Rule, Run, rule, wrong
from analyzer.keys.key import Key
from analyzer.procedures import coverage, history
from analyzer.procedures.delivery import MSK_DELIVERY, SOLICITED_PULL
from analyzer.procedures.invites import posts
from analyzer.procedures.roles import outcome
from analyzer.procedures.sb_rules import ALL, REGISTERING, invited_b_tid
from dissectors import Message
from dissectors.http import Http
from dissectors.mbms_xml import NafKeyInfo

UA_SIP = bytes.fromhex("0100000004")  # TS 33.220 Annex H.3
ROUNDING = 10**9  # ns; lifetimes are written in whole seconds
POST_KEYS = "POST of the SCF"  # origin of keys that a POST itself shows
SESSION_ID = 263  # RFC 6733 8.8


def key_info(run: Run) -> list[tuple[Message, NafKeyInfo]]:
    """Return the NAF key data that the POSTs of a run carry."""
    return [(message, found) for message in run.all("post") if (found := bodies.find(message, NafKeyInfo)) is not None]


def zn_requests(run: Run) -> list[Exchange]:
    """Return the Zn exchanges of the UE with their requests in the capture, a request and its copies once."""
    found: dict[tuple[bytes, int], Exchange] = {}
    for exchange in run.ue.exchanges if run.ues else ():
        body = None if exchange.request is None else bodies.diameter(exchange.request)
        if body is None or not gba.is_zn(exchange):
            continue
        session_id = body.find(SESSION_ID)  # an agent changes hop-by-hop only (RFC 6733 6.2)
        key = (session_id.data if session_id is not None else b"", body.end_to_end)
        before = found.get(key)
        if before is None or (before.final is None and exchange.final is not None):
            found[key] = exchange
    return list(found.values())


def named_in(exchange: Exchange) -> tuple[str | None, bytes]:
    """Return the B-TID and the NAF-Id that a Zn request names."""
    body = None if exchange.request is None else bodies.diameter(exchange.request)
    naf = None if body is None else body.find(gba.NAF_ID)
    return (None if body is None else body.text(gba.TRANSACTION_IDENTIFIER)), b"" if naf is None else naf.data


def succeeded(exchange: Exchange) -> bool:
    """Say whether a Zn exchange brought keys."""
    answer = None if exchange.final is None else bodies.diameter(exchange.final)
    return answer is not None and answer.find(gba.ME_KEY) is not None


@rule(
    "SB-03", *ALL, clause="TS 26.237 10.4.2.1", level="shall",
    remedy="SCF: keep the NAF key by B-TID; ask the BSF when the B-TID is new, and only then.",
)  # fmt: skip
def zn_is_asked_for_new_b_tids(run: Run) -> Iterator[Problem]:
    """The SCF asks the BSF when the B-TID of the INVITE is new to it, and not again while its key is valid.

    Without asking it has the key of another bootstrapping, if any; asking each time loads the BSF for nothing.
    """
    b_tid = invited_b_tid(run)
    made = [b for b in run.story.traffic.bootstrappings if b.b_tid == b_tid and b.info is not None]
    asked = [e for e in zn_requests(run) if named_in(e)[0] == b_tid]
    during = [e for e in asked if run.start <= e.first.time <= run.end]
    known = {named_in(e)[1]: e for e in asked if e.first.time < run.start and succeeded(e)}
    for exchange in during:
        before = known.get(named_in(exchange)[1])
        if before is None or before.first.payload.src != exchange.first.payload.src:
            continue
        expires = _expiry(before)
        if expires is None or expires > exchange.first.time:
            yield wrong(f"the BSF is asked again for B-TID {b_tid}", before.first, exchange.first)
    if asked or not made or made[-1].info is None:
        return
    sent = run.first("post")
    if sent is None or not key_info(run):
        raise NotHere
    askers = (sent.payload.src, *(fqdn for _, told in key_info(run) for fqdn in told.naf_fqdns))
    captures = coverage.of_any(coverage.legs(run.story).zn, askers)
    if not coverage.shows(run.story, captures, made[-1].info.time, sent.time):
        raise NotHere
    coverage.sure_of_absence(run.story, "request on Zn", "diameter", made[-1].info.time, sent.time)
    yield wrong(f"keys for the new B-TID {b_tid} sent on, and the BSF was not asked for them", made[-1].info, sent)


def _expiry(exchange: Exchange) -> int | None:
    answer = None if exchange.final is None else bodies.diameter(exchange.final)
    return None if answer is None else gba.key_expiry(answer)


@rule(
    "SB-04", *REGISTERING, clause="TS 26.237 10.4.2.1, TS 33.220 Annex H.3", level="shall",
    remedy="SCF: ask Zn with the FQDN that the service protection description names, and Ua id 0100000004.",
)  # fmt: skip
def naf_id_is_that_of_the_scf(run: Run) -> Iterator[Problem]:
    """NAF-Id on Zn is the FQDN that the SCF gives the BM-SC as nafFqdn, and the Ua id of this procedure.

    FQDN and Ua id go into the key: the UE derives for what the service description names, and any other octet
    makes a MUK that opens nothing.
    """
    told = {fqdn for _, found in key_info(run) for fqdn in found.naf_fqdns}
    b_tid = invited_b_tid(run)
    asked = [e for e in zn_requests(run) if named_in(e)[0] == b_tid and run.start <= e.first.time <= run.end]
    if not asked:
        raise NotHere
    for exchange in asked:
        fqdn, ua_id = gba.split_naf_id(named_in(exchange)[1])
        if ua_id != UA_SIP and run.demands(profiles.SIP_UA_ID):
            yield wrong(f"NAF-Id ends with {ua_id.hex()}, expected {UA_SIP.hex()}", exchange.first)
        if told and fqdn not in told:
            yield wrong(f"NAF-Id for {fqdn}, nafFqdn is {', '.join(sorted(told))}", exchange.first, *run.all("post"))


@rule(
    "SB-09", *ALL, clause="TS 33.246 6.1, TS 26.237 10.4.2.1", level="shall",
    remedy="SCF: send the NAF key of exactly this FQDN, Ua id 0100000004 and B-TID as MUK.",
)  # fmt: skip
def muk_is_the_naf_key(run: Run) -> Iterator[Problem]:
    """The muk that the SCF sends is the NAF key of the UE for the NAF FQDN beside it.

    Derived otherwise, every MSK message fails at the UE with a wrong MAC, which says nothing about why.
    """
    found = key_info(run)
    if not any(told.muks for _, told in found):
        raise NotHere
    for message, told in found:
        b_tid = told.b_tids[0] if told.b_tids else invited_b_tid(run)
        chain = run.story.chain
        given = [key for key in chain.muks.get(b_tid, ()) if not _origin(key).startswith(POST_KEYS)]
        known = [key for key in given if chain.is_sure(key) or key.value in told.muks]
        anywhere = not told.naf_fqdns and not run.demands(profiles.ANNEX_I)
        own = [key for key in known if anywhere or key.naf is None or key.naf in told.naf_fqdns]
        if not own and given:
            raise CannotTell(f"the keyring's key opened nothing: the muk of B-TID {b_tid} may be right")
        if not own:
            raise CannotTell(f"no key is at hand to compare the muk of B-TID {b_tid} with")
        values = {key.value for key in own}
        for muk in told.muks:
            if muk in values:
                continue
            other = next((key for key in known if key.value == muk), None)
            what = "no NAF key of this B-TID" if other is None else f"the NAF key for {other.naf}"
            yield wrong(f"muk is {what}, expected that for {', '.join(told.naf_fqdns)}", message)


def _origin(key: Key) -> str:
    """Where the key that another was derived from came from."""
    while key.parents:
        key = key.parents[0]
    return key.origin


@rule(
    "SB-10", *ALL, clause="TS 33.220 4.4.9", level="shall",
    remedy="SCF: send the lifetime that the BSF gave, or a shorter one.",
)  # fmt: skip
def muk_does_not_outlive_ks(run: Run) -> Iterator[Problem]:
    """The mukLifeTime in the POST ends no later than the key of the BSF, on Zn and on Ub.

    The UE renews its keys by the lifetime that it was told; the BM-SC would go on with a MUK that is gone.
    """
    found = [(m, told) for m, told in key_info(run) if told.muk_lifetimes]
    if not found:
        raise NotHere
    for message, told in found:
        b_tid = told.b_tids[0] if told.b_tids else invited_b_tid(run)
        limits = [b.lifetime for b in run.story.traffic.bootstrappings if b.b_tid == b_tid and b.lifetime is not None]
        limits += [
            expires for e in zn_requests(run)
            if named_in(e)[0] == b_tid and e.first.time <= message.time and (expires := _expiry(e)) is not None
        ]  # fmt: skip
        if not limits:
            raise NotHere
        for text in told.muk_lifetimes:
            expires = gba.expiry(text, message.time)
            if expires is None:
                raise CannotTell(f"mukLifeTime {text!r} could not be read")
            if expires > min(limits) + ROUNDING:
                yield wrong(f"MUK until {gba.when(expires)}, Ks expires at {gba.when(min(limits))}", message)


@rule(
    "SB-20", MSK_DELIVERY, SOLICITED_PULL, clause="TS 26.237 10.4.2.1, 10.4.2.4", level="shall",
    remedy="BM-SC: put nafFqdn and btid of the last POST into IDi and IDr, not your own FQDN or an older B-TID.",
)  # fmt: skip
def mikey_names_the_keys_of_the_post(run: Run) -> Iterator[Problem]:
    """MSK messages and pulls to a UE that came by SIP name the NAF and the B-TID of the SCF's last POST.

    The NAF is the SCF here: by the FQDN of the BM-SC the UE finds no MUK. A pull under the B-TID before the last may
    come when the UE has thrown its MUK away. Whether IDr of a message with an MSK is the B-TID, MS-07 says.
    """
    message = run.all("msk", "pull")[0]
    body = bodies.mikey(message)
    if not run.ues or body is None or body.idi is None:
        raise NotHere
    acts = history.before(run.story, run.ue, message.time, *(procedure.kind for procedure in ALL))
    unseen = ""  # the B-TID of an INVITE whose POST is not in the capture
    for act in acts:
        told = [found for _, found in key_info(act)]
        if not told:
            unseen = unseen or ("" if act.first("post") is not None else history.b_tid_of(act) or "")
            continue
        b_tids = [b_tid for found in told for b_tid in found.b_tids]
        if unseen and unseen not in b_tids:
            raise CannotTell(f"the POST with the keys of B-TID {unseen} is not in the capture")
        fqdns = [fqdn for found in told for fqdn in found.naf_fqdns]
        if fqdns and body.idi.text not in fqdns:
            yield wrong(f"IDi {body.idi.text}, nafFqdn of the POST is {', '.join(fqdns)}", *key_messages(act), message)
        if run.procedure is SOLICITED_PULL and b_tids and body.idr is not None and body.idr.text not in b_tids:
            text = f"IDr {body.idr.text} in a pull, btid of the POST is {', '.join(b_tids)}"
            yield wrong(text, *key_messages(act), message)
        return
    raise NotHere


def key_messages(run: Run) -> list[Message]:
    """Return the POSTs of a run that carry NAF key data."""
    return [message for message, _ in key_info(run)]


@rule(
    "SB-21", *REGISTERING, clause="TS 26.237 10.4.2.1", level="shall",
    remedy="SCF: use a NAF FQDN of its own for each BM-SC, so that each gets a MUK of its own.",
)  # fmt: skip
def each_bm_sc_has_its_muk(run: Run) -> Iterator[Problem]:
    """Several BM-SCs that serve one UE get a NAF FQDN and a MUK each.

    With one MUK for two, each could read the keys of the other's services, and both count their messages under it.
    """
    kinds = [procedure.kind for procedure in REGISTERING]
    own = _accepted_keys(run)
    if not own or not run.ues:
        raise NotHere
    for other in [r for r in run.story.runs_of(run.ue, *kinds) if r.start <= run.start]:
        for message, body, told in own:
            for before, earlier, known in _accepted_keys(other):
                # The same services at another node are a repetition, not a second BM-SC.
                if before.time >= message.time or set(bodies.services(before)) & set(bodies.services(message)):
                    continue
                apart = body.host != earlier.host and before.payload.dst != message.payload.dst
                if apart and set(known.muks) & set(told.muks):
                    yield wrong(f"{earlier.host} and {body.host} get the same MUK", before, message)


def _accepted_keys(run: Run) -> list[tuple[Message, Http, NafKeyInfo]]:
    return [
        (message, body, told) for message, body, answer in posts(run)
        if outcome(answer) == "success" and (told := bodies.find(message, NafKeyInfo)) is not None
    ]  # fmt: skip


RULES: tuple[Rule, ...] = (
    zn_is_asked_for_new_b_tids,
    naf_id_is_that_of_the_scf,
    muk_is_the_naf_key,
    muk_does_not_outlive_ks,
    mikey_names_the_keys_of_the_post,
    each_bm_sc_has_its_muk,
)
