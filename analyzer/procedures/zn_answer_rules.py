"""Rules on what the BSF answers on Zn: keys, their lifetime, whose they are (TS 33.220 4.4.9, 4.5.3, TS 29.109)."""

from __future__ import annotations

from collections.abc import Iterator

from analyzer.correlate import bodies, gba
from analyzer.correlate.claims import TMPI_DOMAIN
from analyzer.judging import CannotTell, NotHere, Problem, Rule, Run, Story, once, rule, wrong
from analyzer.keys import gba as arithmetic
from analyzer.keys.key import Key
from analyzer.procedures.bootstrapping import maker
from analyzer.procedures.lifetimes import is_over
from analyzer.procedures.zn import SUCCESS, USAGE, b_tid_asked, bia, bir, keys_answer
from analyzer.procedures.zn_rules import AWARE, AWARENESS

KEY_OCTETS = 32  # TS 33.220 Annex B
GBA_TYPE, GBA_3G = 410, 0
IDENTITY_UNKNOWN, NOT_AUTHORIZED, B_TID_INVALID = 5401, 5402, 5403  # TS 29.109 6.2


@rule(
    "ZN-04", USAGE, clause="TS 29.109 5.2, 6.3.1.5", level="shall",
    remedy="BSF: answer with an ME-Key-Material of 32 octets, and a UICC-Key-Material only to a NAF aware of GBA_U.",
)  # fmt: skip
def keys_have_their_form(run: Run) -> Iterator[Problem]:
    """An answer that succeeds brings an ME-Key-Material of 32 octets; a UICC key only where the NAF is aware of GBA_U.

    A NAF that gets a UICC key without having asked takes the wrong one of the two for its MUK.
    """
    answer, message = keys_answer(run), run.needs("bia")
    me_key, uicc_key = answer.find(gba.ME_KEY), answer.find(gba.UICC_KEY)
    if me_key is None:
        yield wrong("no ME-Key-Material in the answer", message)
    for name, found in (("ME-Key-Material", me_key), ("UICC-Key-Material", uicc_key)):
        if found is not None and len(found.data) != KEY_OCTETS:
            yield wrong(f"{name} of {len(found.data)} octets, expected {KEY_OCTETS}", message)
    if uicc_key is None:
        return
    if answer.uint(GBA_TYPE) not in (None, GBA_3G):
        yield wrong(f"UICC-Key-Material with GBA-Type {answer.uint(GBA_TYPE)}, expected {GBA_3G}", message)
    if run.first("bir") is not None and bir(run).uint(AWARENESS) != AWARE:
        yield wrong("UICC-Key-Material for a NAF that is not aware of GBA_U", run.needs("bir"), message)


@rule(
    "ZN-05", USAGE, clause="TS 33.220 4.4.9", level="shall",
    remedy="BSF: give the NAF the lifetime that the UE was told on Ub, or a shorter one that has not passed.",
)  # fmt: skip
def lifetime_is_that_of_ks(run: Run) -> Iterator[Problem]:
    """Key-ExpiryTime has not passed when it is told, and is no later than the lifetime that the UE got on Ub.

    NAF and UE renew the key by what each was told. Where the NAF's ends later, it goes on with a MUK that the UE
    has thrown away.
    """
    message = run.needs("bia")
    expires = gba.key_expiry(keys_answer(run))
    if expires is None:
        raise NotHere
    made = maker(run.story, b_tid_asked(run))
    if made is not None and made.lifetime is not None and expires > made.lifetime + run.tolerances.clock:
        told = () if made.info is None else (made.info,)
        text = f"Key-ExpiryTime {gba.when(expires)}, the UE was told {gba.when(made.lifetime)}"
        yield wrong(text, *told, message)
    if is_over(run, expires + run.tolerances.clock, message):
        yield wrong(f"Key-ExpiryTime {gba.when(expires)} has passed already", message)


@rule(
    "ZN-06", USAGE, clause="TS 29.109 6.2, TS 33.220 4.4.9", level="shall",
    remedy="BSF: delete Ks when its lifetime ends, and answer 5403 (transaction identifier invalid) from then on.",
)  # fmt: skip
def expired_b_tid_is_refused(run: Run) -> Iterator[Problem]:
    """For a B-TID whose lifetime has passed the BSF answers 5403, and gives no key.

    By this code the NAF knows that the UE must bootstrap again; another one makes it refuse the UE for good.
    """
    message, answer = run.needs("bia"), bia(run)
    made = maker(run.story, b_tid_asked(run))
    if made is None or made.lifetime is None:
        raise NotHere
    if not is_over(run, made.lifetime + run.tolerances.clock, run.needs("bir")):
        raise NotHere
    code = bodies.result_code(answer)
    expired = f"B-TID expired at {gba.when(made.lifetime)}"
    if code == SUCCESS:
        yield wrong(f"{expired}, and the BSF gives a key of it", message)
    elif code == IDENTITY_UNKNOWN:
        yield wrong(f"{expired}: result {code}, expected {B_TID_INVALID}", message)
    elif code not in (B_TID_INVALID, NOT_AUTHORIZED):
        raise CannotTell(f"result {code} may have a reason of its own")


@rule(
    "ZN-07", USAGE, clause="TS 33.220 4.5.3", level="info",
    remedy="BSF: return the IMPI that the bootstrapping of this B-TID was made with; look at what maps a TMPI to it.",
)  # fmt: skip
def user_is_the_bootstrapped_one(run: Run) -> Iterator[Problem]:
    """The User-Name in the answer is the IMPI that the UE has bootstrapped with.

    The IMPI goes into the key, and it is by the IMPI that a BM-SC ties the B-TIDs of one UE together. Not judged
    where the UE has bootstrapped with a TMPI.
    """
    user = keys_answer(run).text(gba.USER_NAME)
    made = maker(run.story, b_tid_asked(run))
    if not user or made is None or not made.impi or TMPI_DOMAIN in made.impi:
        raise NotHere
    if user.lower() != made.impi.lower():
        text = f"User-Name {user}, the bootstrapping was made with {made.impi}"
        yield wrong(text, made.exchanges[-1].first, run.needs("bia"))


@rule(
    "ZN-09", USAGE, clause="TS 33.220 Annex B.3", level="shall",
    remedy="BSF: derive the key from the Ks, RAND and IMPI of this B-TID and the NAF-Id of the request, all octets.",
)  # fmt: skip
def key_is_derived_for_this_naf(run: Run) -> Iterator[Problem]:
    """The key in the answer is the one that Ks, RAND, IMPI and the NAF-Id of the request give.

    The UE derives the same for itself. Any other octet in these inputs gives another key, and all that the NAF
    protects with it fails at the UE. Judged where the Ks is proven: by its AUTN, or by another key that fits.
    """
    message, answer = run.needs("bia"), keys_answer(run)
    naf_id = bir(run).find(gba.NAF_ID)
    if naf_id is None or answer.uint(GBA_TYPE) not in (None, GBA_3G):
        raise NotHere
    given = {
        name: avp.data for name, code in (("ME", gba.ME_KEY), ("UICC", gba.UICC_KEY))
        if (avp := answer.find(code)) is not None and len(avp.data) == KEY_OCTETS
    }  # fmt: skip
    if not given:
        raise NotHere
    known = _proven(run, answer.text(gba.USER_NAME))
    if not known:
        raise CannotTell(f"no Ks of B-TID {b_tid_asked(run)} is at hand to derive the key from")
    for name, value in given.items():
        derive = arithmetic.ks_naf if name == "ME" else arithmetic.ks_int_naf
        derived = {
            derive(ks=key.value, rand=key.rand or b"", impi=key.impi or "", naf_id=naf_id.data) for key in known
        }  # fmt: skip
        if value not in derived:
            yield wrong(f"{name}-Key-Material is not the key of this B-TID for this NAF-Id", message)


def _proven(run: Run, user: str | None) -> list[Key]:
    """Return the Ks of a B-TID that are surely right: its AUTN verifies, or what is derived from it has fitted.

    By AUTN alone the IMPI must be one that the capture names, so that a slip in the keyring is held against nobody.
    """
    b_tid, chain = b_tid_asked(run), run.story.chain
    made = maker(run.story, b_tid)
    named = {name for name in (user, None if made is None else made.impi) if name}
    used = _used(run.story)
    found: list[Key] = []
    for key in chain.ks.get(b_tid, ()):
        aka = None if key.rand is None else chain.aka.get(key.rand)
        of_autn = aka is not None and aka.mac_ok and arithmetic.ks(ck=aka.ck, ik=aka.ik) == key.value
        verified = of_autn and arithmetic.rand_of(b_tid) == key.rand  # else a challenge may be missing from the capture
        if key.rand is not None and ((key.value, key.impi, b_tid) in used or (verified and key.impi in named)):
            found.append(key)
    return found


@once
def _used(story: Story) -> frozenset[tuple[bytes, str | None, str | None]]:
    """Return each Ks that something has fitted, with its IMPI and B-TID."""
    real = (key for key in story.chain.keys if key.kind == "Ks" and key.value in story.chain.proven)
    return frozenset((key.value, key.impi, key.b_tid) for key in real)


RULES: tuple[Rule, ...] = (
    keys_have_their_form,
    lifetime_is_that_of_ks,
    expired_b_tid_is_refused,
    user_is_the_bootstrapped_one,
    key_is_derived_for_this_naf,
)
