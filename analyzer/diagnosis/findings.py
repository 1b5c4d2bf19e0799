"""What a broken rule says to somebody who has to mend it: plain words for its message, and what comes of it."""

from __future__ import annotations

from analyzer.correlate import bodies
from analyzer.correlate.gba import when
from analyzer.diagnosis.macs import twin
from analyzer.diagnosis.trouble import Known, Trouble, place
from analyzer.diagnosis.words import clock, muk, muk_of, of_when, presented, told
from analyzer.procedures import history
from analyzer.procedures.bootstrapping import maker
from analyzer.report import Judgement
from dissectors import Message

# What a cause means for who suffers it; where what was found speaks for itself there is none.
MEANINGS = {
    "answer-changes-the-offer": "A UE that goes by the answer listens where nobody sends.",
    "authorization-notification-missing": "So the BM-SC knows nothing of this user and this service.",
    "authorization-after-200-ok": "So the UE may ask the BM-SC before that knows of it.",
    "bootstrapping-failed": "So this run gives no Ks, and none of the keys below it.",
    "clock-or-counter-reset": "So UEs reckon another packet index than the sender, and drop what comes.",
    "dcf-signature-failed": "UEs throw this object away.",
    "dcf-unprotected": "UEs that keep to the specifications throw this object away.",
    "deauthorized-ue-still-served": "So a UE that has left can go on decrypting.",
    "expired-ks-naf": "Keys of an expired Ks are dead: the BSF gives none out, and a UE or a BM-SC takes none.",
    "identity-header-missing": "So the next node cannot know who asks.",
    "identity-mismatch": "So the BM-SC books the authorization for somebody else than who comes to fetch keys.",
    "media-unprotected": "Everybody can watch, and a UE that expects protected media drops it.",
    "mtk-late": "UEs that wait for it drop all packets until then.",
    "mtk-not-delivered": "UEs listen where the media are, and never see this key.",
    "mtk-outside-msk-validity": "UEs drop it, and what is protected with it stays shut.",
    "mtk-replayed": "UEs take it for a replay and drop it.",
    "mtk-wrong-key": "UEs drop it, and what is protected with it stays shut.",
    "msk-corrupted": "UEs drop it without a word.",
    "msk-invalidated": "A UE that takes it cannot use the MSK.",
    "msk-malformed": "A UE that keeps to the specifications drops it without a word.",
    "msk-message-lost": "Without it the UE opens no MTK and no media under it.",
    "msk-rand-differs": "So one MTK message gives keys that differ from UE to UE.",
    "msk-replayed": "The UE takes it for a replay and drops it without a word.",
    "msk-superseded": "What is protected under the one that is dropped stays shut.",
    "msk-wrong-destination": "The UE does not listen there.",
    "msk-wrong-key": "The UE drops it without a word.",
    "old-muk-used": "The UE drops it without a word: it has replaced that MUK.",
    "policy-unusable": "UEs cannot know how the stream is protected.",
    "service-not-authorized": "So the BM-SC refuses the service that the UE asks for.",
    "solicited-pull-unanswered": "So the UE stays without the new MSK.",
    "srtp-auth-failed": "UEs drop these packets.",
    "srtp-index-reused": "UEs take the second for a replay and drop it; whoever records both learns their difference.",
    "srtp-unknown-mki": "UEs have no key for it, and drop these packets.",
    "missed-key-update-ignored": "So UEs stay without the new MSK, and drop these packets.",
    "zn-wrong-key": "So UE and BM-SC derive different MUKs and MRKs.",
}  # fmt: skip

# What a rule's own words, which follow, are about: for those that are terse
LEADS = {
    "DG-02": "The challenge is not for the server that the UE asked",
    "DG-03": "The UE answered another challenge",
    "DG-06": "The digest leaves the body unprotected",
    "DG-11": "The UE did not come back with an answer to the challenge",
    "DG-12": "The BSF had refused the B-TID, and the answer to the UE does not make it bootstrap again",
    "DG-13": "The answer does not say what is wrong, or until when",
    "DG-17": "The UE asks in another name than in its INVITE",
    "EX-01": "The UE has bootstrapped anew, and tells the BM-SC nothing of it",
    "EX-05": "The BSF gives the BM-SC another user than before",
    "MS-02": "Its head is not that of an MSK message",
    "MS-03": "Its crypto sessions do not fit together",
    "MS-04": "It brings no counter that replays could be told by",
    "EX-09": "Many UEs asked at once, and the BM-SC told them nothing, not even to wait",
    "MS-05": "It brings the MSK with another RAND than other UEs got",
    "MS-06": "It does not name its MUK as UEs expect it",
    "MS-08": "It does not name the MSK whole",
    "MS-10": "What is inside is no MSK with a window of MTK IDs",
    "MS-11": "The window of MTK IDs in it makes the MSK unusable",
    "MS-13": "The policy (SP) that says how the stream is protected is missing, or where it must not be",
    "MS-14": "The policy (SP) lacks what UEs need to follow the packet index",
    "MS-15": "The policy (SP) changed while the service runs",
    "MS-17": "It is of a key group that the UE did not ask for",
    "MS-18": "It is one MSK too many",
    "MS-28": "The UE was told to ask, and did not",
    "MS-29": "The request should have met a 401, so that the UE bootstraps",
    "MT-03": "It does not name its key whole",
    "MT-04": "The MSK that it needs never came",
    "MT-05": "What is inside is no MTK for a stream or a download",
    "MT-06": "Its MTK ID goes back",
    "MT-08": "It came before with other content",
    "MT-09": "Its counter (T) goes back",
    "MT-12": "It came after what it is needed for",
    "MT-14": "The MTK in it has no length that a cipher takes",
    "RG-07": "The UE has deregistered, and gets an MSK all the same",
    "RG-08": "The UE has deregistered, and may go on using its MSKs",
    "RG-11": "The UE has no right to this MSK any more, or never had",
    "RG-14": "The UE came from another address than that which it registered from",
    "RG-16": "The body did not arrive as the UE sent it, or was not what it signed",
    "RG-17": "The BM-SC asked the BSF for another B-TID than the UE presented",
    "SB-09": "The SCF handed over a wrong MUK",
    "SB-11": "The SCF gave the BM-SC a wrong address of the UE",
    "SB-18": "The UE goes on with the B-TID of before",
    "SB-20": "The message names another NAF or B-TID than the SCF gave with its MUK",
    "SB-21": "The SCF gives two BM-SCs one MUK",
    "SB-23": "The UE has deregistered, and is served on",
    "SI-05": "The UE offers what a service over multicast cannot be",
    "SI-07": "The SCF answers with other media than it was offered",
    "SI-08": "The SCF did not wait for the BM-SC",
    "SI-10": "The SCF authorized another user than the one who sent the INVITE",
    "SI-11": "The SCF authorized another service than the INVITE is for",
    "SI-12": "The BM-SC did not take the authorization of the SCF",
    "SI-13": "The SCF let the UE in without telling the BM-SC",
    "SI-14": "The UE did not wait for the answer to its INVITE",
    "SI-15": "The BM-SC was told of another user or service",
    "SI-17": "The session is over, and its keys are still delivered",
    "SR-01": "The packets name a key that never came",
    "SR-02": "Tag or MKI are not where the policy (SP) says",
    "SR-03": "The roll-over counter that packets carry does not go on",
    "SR-04": "The key that they name does not verify them",
    "SR-05": "The packets are of another source than the MSK message announced",
    "SR-06": "Two packets have one index",
    "SR-11": "The packets name an MSK that the UEs do not have",
    "SR-12": "Beside what is protected the same group gets what is not",
    "UB-03": "The challenge does not hold RAND and AUTN",
    "UB-06": "The challenge was not made with the K at hand",
    "ZN-01": "The request to the BSF is incomplete",
    "ZN-05": "The BSF gave out a key that was over, or will be before the UE thinks so",
    "ZN-06": "The BSF does not treat the B-TID as expired",
    "ZN-11": "The answer of the BSF did not come, or fits no request",
}  # fmt: skip


def plain(known: Known, trouble: Trouble, judgement: Judgement) -> str:
    """Say what a broken rule has found."""
    shown = [message for message in trouble.run.messages if place(message) in judgement.evidence]
    message = shown[-1] if shown else None
    said = ""
    match judgement.rule:
        case "MS-16" | "MS-07" | "EX-02" if message is not None:
            said = _muk_mixed_up(known, trouble, message, judgement)
        case "MS-12" if message is not None and len(judgement.evidence) > 1:
            first = judgement.evidence[0].frame
            said = f"Its counter (T) is not above that of the MSK message in frame {first} under the same MUK"
        case "MS-01" if message is not None and trouble.ue is not None:
            said = _astray(known, trouble, message)
        case "MS-19":
            said = "It wants to be acknowledged (V is set), and the UE sent no verification message within 2 s"
        case "MS-22":
            said = "The MAC of this acknowledgement is wrong, so the BM-SC cannot take it"
        case "RG-04" | "RG-10":
            said = f"The BM-SC granted it and sent nothing: {judgement.message}"
        case "DG-04" | "SB-02":
            said = _expired(known, trouble)
        case "MT-10" if message is not None:
            body = bodies.mikey(message)
            name = "" if body is None or body.msk_id is None else f" {body.msk_id.hex()}"
            said = f"Its MAC fails under MSK{name} as the UEs have it"
        case _:
            pass
    if not said:
        lead = LEADS.get(judgement.rule)
        said = f"{lead}: {judgement.message}" if lead else judgement.message
    return sentence(told(known.story, said))


def sentence(text: str) -> str:
    """End it as a sentence ends, and begin it so, unless it begins with a name."""
    begin = text[:1].upper() if text.split(" ", 1)[0].isalpha() else text[:1]
    return f"{begin}{text[1:].rstrip('.')}."


def _expired(known: Known, trouble: Trouble) -> str:
    made = maker(known.story, None if trouble.asked is None else presented(trouble.asked))
    if made is None or made.lifetime is None or trouble.asked is None:
        return ""
    late = (trouble.asked.time - made.lifetime) / 10**9
    if late < 0:
        return ""
    return f"The Ks of this B-TID had expired at {clock(known.story, made.lifetime)}, {late:.0f} s before"


def _astray(known: Known, trouble: Trouble, message: Message) -> str:
    """Say where an MSK message went, and where the UE waited for it."""
    assert trouble.ue is not None
    told_to = history.registered_addresses(known.story, trouble.ue, message.time)
    if not told_to or message.payload.dst in told_to:
        return ""
    return f"It went to {message.payload.dst}, while the UE had registered from {', '.join(told_to)}"


def _muk_mixed_up(known: Known, trouble: Trouble, message: Message, judgement: Judgement) -> str:
    """Say under which MUK an MSK message is, under which it should be, and why the BM-SC may still use the old one."""
    story, body = known.story, bodies.mikey(message)
    if body is None or body.idr is None or trouble.ue is None:
        return ""
    named, naf = body.idr.text, None if body.idi is None else body.idi.text
    last = next(history.before(story, trouble.ue, message.time, *history.REGISTERING, *history.REQUESTING), None)
    used = None if last is None else history.b_tid_of(last)
    opened = story.chain.opening(message)
    if judgement.rule == "EX-02":
        expires = history.muk_expiry(story, named, message.time)
        at = when(None) if expires is None else clock(story, expires)
        key = opened.key if opened is not None else muk_of(story, named, naf)
        return f"It is under {muk(story, key)}, which expired at {at}"
    fine = "Its MAC verifies under" if opened is not None else "It names"
    key = opened.key if opened is not None else muk_of(story, named, naf)
    if judgement.rule == "MS-07":
        if used is None or last is None or key is None:
            return ""
        own = muk_of(story, used, naf)
        return (
            f"{fine} {muk(story, key)}, but the {_last(last.procedure.kind)} in frame "
            f"{last.messages[0].frame} was with {of_when(story, used)}"
            f"{'' if own is None else f', whose MUK is {own.fingerprint}'}: the BM-SC still uses the old MUK"
        )
    expected = muk(story, muk_of(story, named, naf))
    if opened is None:
        other = twin(known, trouble, message)
        if other is not None:
            return (
                f"Its MAC fails under {expected}, though that is the right one, as it opens the MSK message in frame "
                f"{other.message.frame}: the message changed on the way, or was made wrongly"
            )
        return f"Its MAC fails under {expected}, and under every other MUK at hand"
    text = f"Its MAC fails under {expected} but verifies under {muk(story, opened.key)}"
    made, older = maker(story, named), maker(story, opened.key.b_tid)
    if made is not None and older is not None and older.time < made.time:
        text += ": the BM-SC still uses the old MUK"
        if last is not None and used == opened.key.b_tid:
            frame = last.messages[0].frame
            text += f", because the {_last(last.procedure.kind)} in frame {frame} carried the old B-TID"
    return text


def _last(kind: str) -> str:
    return "last MSK request" if kind in history.REQUESTING else "last registration"
