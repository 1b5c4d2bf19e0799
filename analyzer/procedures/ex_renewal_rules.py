"""Rules on how one key follows another: Ks and MUK at their ends, MSKs at the end of their windows (TS 33.246 6)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from analyzer.correlate import bodies, gba
from analyzer.judging import CannotTell, NotHere, Problem, Rule, Run, Story, once, rule, wrong
from analyzer.procedures import coverage, history, sent
from analyzer.procedures.bootstrapping import BOOTSTRAPPING, made_for, maker, of_run
from analyzer.procedures.delivery import CURRENT_MSK, MSK_DELIVERY, MTK_DELIVERY, SOLICITED_PULL
from analyzer.procedures.lifetimes import is_over_for_all
from analyzer.procedures.ms_rules import TS_COUNTER, later, mikeys
from analyzer.procedures.ua import DEREGISTRATION, REGISTRATION
from analyzer.procedures.zn import presented
from dissectors import Message
from dissectors.mikey import Mikey
from dissectors.sip import Sip

Group = tuple[bytes | None, bytes]  # Key Domain ID, Key Group part


@rule(
    "EX-01", BOOTSTRAPPING, clause="TS 33.246 6.3.2, TS 33.220 4.4.9", level="shall",
    remedy="UE: after a new bootstrapping register anew or ask for an MSK with the new B-TID, before the old one ends.",
)  # fmt: skip
def new_b_tid_reaches_the_bm_sc(run: Run) -> Iterator[Problem]:
    """A UE that has bootstrapped anew uses the new B-TID at the BM-SC before the old one expires.

    The BM-SC has no MUK for the UE any more else, and the next MSK does not reach it. Judged where the UE has
    registered over HTTP, MTKs for it go on after the old B-TID has ended, and no deregistration or BYE is seen. Over
    SIP, SB-18 looks at this; whoever asks with the B-TID that has ended, DG-04 and SB-02 find. UE, BSF and BM-SC each
    take it for expired by a clock of their own: where their Date contradicts the capture, nobody can tell.
    """
    made = of_run(run)
    if not run.ues or made.info is None or made.b_tid is None:
        raise NotHere
    registered = next(history.before(run.story, run.ue, run.start, REGISTRATION.kind), None)
    old = None if registered is None else history.last_b_tid(run.story, run.ue, run.start)
    if registered is None or old is None or old == made.b_tid:
        raise NotHere
    if presented(run.story).get(made.b_tid):
        return
    expires = _end_of_ks(run.story, old)
    if expires is None:
        raise CannotTell(f"when the UE takes B-TID {old} for expired is not in the capture")
    end = max(expires, run.end)
    last = _last_mtk(run, end)
    if last is None or not is_over_for_all(run, end + run.tolerances.clock, last):
        raise NotHere
    needed = last.time
    newer = any(b.b_tid != made.b_tid and made.time < b.time < needed for b in made_for(run.story, run.ue))
    if newer or _has_left(run, registered, end):
        raise NotHere
    captures = frozenset(message.payload.capture for message in registered.messages)
    if not coverage.shows(run.story, captures, run.start, needed):
        raise CannotTell("the capture ends before the new B-TID is due at the BM-SC")
    coverage.sure_of_absence(run.story, "request with the new B-TID", "http", run.start, needed)
    yield wrong(
        f"the BM-SC is not told of the new B-TID {made.b_tid}; {old}, which it has, expired at {gba.when(expires)}",
        registered.messages[-1], made.info,
    )  # fmt: skip


def _end_of_ks(story: Story, b_tid: str) -> int | None:
    """Return when a Ks ends, as its UE knows it: from Ub or the keyring. What a NAF is told on Zn may be earlier."""
    made = maker(story, b_tid)
    told = [key.expires for key in story.chain.ks.get(b_tid, ()) if key.expires is not None]
    return made.lifetime if made is not None else max(told, default=None)


def _last_mtk(run: Run, time: int) -> Message | None:
    """Return the last MTK message for a key group of which the UE got an MSK before a time."""
    own = {
        (body.key_domain_id, (body.msk_id or b"")[:2])
        for message in history.msk_messages(run.story, run.ue)
        if message.time <= time and (body := bodies.mikey(message)) is not None
    }
    found = (_last_mtks(run.story).get(group) for group in own)
    return max((message for message in found if message is not None), key=lambda message: message.time, default=None)


@once
def _last_mtks(story: Story) -> Mapping[Group, Message]:
    found: dict[Group, Message] = {}
    for message in story.traffic.mikey:
        body = bodies.mikey(message)
        if body is not None and bodies.is_mtk_message(body):
            found[body.key_domain_id, (body.msk_id or b"")[:2]] = message
    return found


def _has_left(run: Run, registered: Run, until: int) -> bool:
    """Whether a UE has deregistered or ended a session after it registered."""
    if any(registered.end < r.start <= until for r in run.story.runs_of(run.ue, DEREGISTRATION.kind)):
        return True
    return any(
        isinstance(e.first.body, Sip) and e.first.body.cseq_method == "BYE" and registered.end < e.first.time <= until
        for e in run.ue.exchanges
    )


@rule(
    "EX-03", MTK_DELIVERY, clause="TS 33.246 6.3.3.1", level="info",
    remedy="BM-SC: deliver the next MSK while MTK IDs of the present one are left.",
)  # fmt: skip
def next_msk_comes_in_time(run: Run) -> Iterator[Problem]:
    """When an MTK has the last ID that its MSK allows, the next MSK has been delivered, or is soon.

    The MTK after it has no MSK to come under: either the same MTK protects media for ever, or the picture ends. An
    ID beyond the window, MT-07 finds.
    """
    message = run.one("mtk")
    body = bodies.mikey(message)
    if body is None or body.mtk_id is None or body.msk_id is None:
        raise NotHere
    keys = run.story.chain.msks.get((body.key_domain_id, body.msk_id), ())
    ends = [key.valid_to for key in keys if key.valid_to is not None and (key.valid_from or 0) <= key.valid_to]
    if not ends:
        raise CannotTell(f"the window of MSK {body.msk_id.hex()} is not known")
    number = sent.mtk_number(message)
    if number > max(ends):
        raise NotHere
    if number < max(ends):
        return
    msks = sent.of_groups(run.story).get((body.key_domain_id, body.msk_id[:2]), ())
    due = message.time + run.tolerances.msk_refresh
    if any(msk_id > body.msk_id and time <= due for time, msk_id in msks):
        return
    mki = body.msk_id + body.mtk_id
    used = max(run.end, *(group.last for group in run.story.media if group.mki == mki), 0)
    if used < due:
        raise CannotTell(f"MTK {number:04x} is the last under MSK {body.msk_id.hex()}, and not in use for long")
    run.story.be_whole()
    text = f"MTK {number:04x}, the last under MSK {body.msk_id.hex()}, is in use for {(used - message.time) // 10**9} s"
    yield wrong(f"{text}, and no new MSK has come", message, run.all("mtk")[-1])


# ------------------------------------------------------------------------------------------------ counters

Name = tuple[bytes | None, bytes | None]  # of a MUK: IDi and IDr; of an MSK: Key Domain ID and MSK ID


@rule(
    "EX-04", MSK_DELIVERY, MTK_DELIVERY, clause="TS 33.246 6.4.3", level="shall",
    remedy="BM-SC: a new name of a key needs a new key; as long as the key is the old one, its counter goes on.",
)  # fmt: skip
def counter_restarts_with_a_new_key(run: Run) -> Iterator[Problem]:
    """A counter starts anew with a new MUK or MSK, and not with the old one under a new name.

    The UE starts its replay protection anew with the name: everything that was sent under the key before may come
    again. Within one name, MS-12 and MT-09 look at the counter.
    """
    compared = False
    for message, _ in mikeys(run, "msk", "mtk"):
        if id(message) not in _renamed(run.story):
            continue
        compared = True
        run.plain(message)
        if (before := _restarts(run.story).get(id(message))) is not None:
            name, earlier, counter = before
            own = bodies.mikey(message)
            value = 0 if own is None or own.t is None else own.t.value
            yield wrong(f"counter {value} after {counter} under the same key, named {name} then", earlier, message)
    if not compared:
        raise NotHere


def _counted(story: Story) -> Iterator[tuple[Message, int, str, str, Name, str]]:
    """Yield MIKEY messages with their counter, the kind of their key, whose it is, its name, and that in words."""
    seen = sent.sighted(story)
    for message in story.traffic.mikey:
        body = bodies.mikey(message)
        if body is None or body.t is None or body.t.ts_type != TS_COUNTER or id(message) in seen:
            continue
        if bodies.is_mtk_message(body):
            domain = (body.key_domain_id or b"").hex()
            yield message, body.t.value, "msk", domain, (body.key_domain_id, body.msk_id), (body.msk_id or b"").hex()
        elif bodies.is_msk_message(body) and (ue := story.traffic.session_of(message)) is not None:
            yield message, body.t.value, "muk", ue.id, _muk(body), "" if body.idr is None else body.idr.text


def _muk(body: Mikey) -> Name:
    return None if body.idi is None else body.idi.data, None if body.idr is None else body.idr.data


@once
def _renamed(story: Story) -> frozenset[int]:
    """Return the messages under a key before which another was in use with the same owner, by `id`."""
    names: dict[tuple[str, str], Name] = {}
    found: set[int] = set()
    for message, _, kind, owner, name, _ in _counted(story):
        if names.setdefault((kind, owner), name) != name:
            found.add(id(message))
    return frozenset(found)


@once
def _restarts(story: Story) -> Mapping[int, tuple[str, Message, int]]:
    """Return the messages whose counter is not later than one under the same octets by another name, by `id`."""
    highest: dict[tuple[str, bytes], dict[Name, tuple[str, Message, int]]] = {}
    found: dict[int, tuple[str, Message, int]] = {}
    for message, counter, kind, _, name, told in _counted(story):
        opened = story.chain.opening(message)
        if opened is None:
            continue
        under = highest.setdefault((kind, opened.key.value), {})
        for other, before in under.items():
            if other != name and not later(counter, before[2]):
                found.setdefault(id(message), before)
        if name not in under or later(counter, under[name][2]):
            under[name] = told, message, counter
    return found


# ------------------------------------------------------------------------------------------------ two MUKs


@rule(
    "EX-08", SOLICITED_PULL, clause="TS 33.246 6.1", level="info",
    remedy="UE: keep the MUK generated last and the one used last; once the new one was used, forget the old one.",
)  # fmt: skip
def retired_muk_is_not_honoured(run: Run) -> Iterator[Problem]:
    """A UE takes a pull under an older MUK only until a newer one has been used.

    It keeps two MUKs, that generated last and that used last. One that answers to a third lets whoever has got hold
    of an old MUK make it ask. An MSK under an older MUK is looked at by MS-26.
    """
    message = run.all("pull")[-1]
    body = bodies.mikey(message)
    if not run.ues or body is None or body.idr is None or body.msk_id is None:
        raise NotHere
    asked = run.first("request")
    if asked is None or asked.time - message.time > run.tolerances.pull_answer or not _is_for(body, asked):
        raise NotHere
    order = [made.b_tid for made in made_for(run.story, run.ue) if made.time < message.time]
    if body.idr.text not in order:
        raise NotHere
    if order[-1] == body.idr.text:
        return
    used = history.muk_retired_by(run.story, run.ue, body.idr.text, message.time)
    if used is not None:
        yield wrong(f"asks at a pull under B-TID {body.idr.text}, and has used a newer MUK", used, message, asked)
    elif any(_names(other) in order[order.index(body.idr.text) + 1 :] for other in _before(run, message)):
        raise CannotTell("whether the UE took the MSK message under its newer MUK, no verification message tells")


def _is_for(body: Mikey, asked: Message) -> bool:
    wanted = (body.key_domain_id, (body.msk_id or b"")[:2] + CURRENT_MSK)
    return wanted in [(name.key_domain, name.msk_id) for name in bodies.msk_names(asked)]


def _before(run: Run, message: Message) -> Iterator[Message]:
    return (other for other in history.msk_messages(run.story, run.ue) if other.time < message.time)


def _names(message: Message) -> str | None:
    body = bodies.mikey(message)
    return None if body is None or body.idr is None else body.idr.text


RULES: tuple[Rule, ...] = (
    new_b_tid_reaches_the_bm_sc,
    next_msk_comes_in_time,
    counter_restarts_with_a_new_key,
    retired_muk_is_not_honoured,
)
