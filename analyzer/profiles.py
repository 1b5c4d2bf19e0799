"""Profiles: which texts a deployment was built to, and so which rules it is judged by, and which parts of them.

`DIFFERENCES` is the one place that knows. A rule that a profile lacks is not applied and leaves no judgement; of a rule
that is the same but for a part, the rule itself asks `Profile.has` before it looks at the part.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache

TEXT, OURS = "text", "ours"  # where a difference is from: written in a text, or how we read several of them


@dataclass(frozen=True, slots=True)
class Difference:
    """A demand that not all profiles have, and the rules that hold it.

    `whole`: the rules have nothing else to look at, and are not applied where the demand is missing. `procedures` are
    kinds of the contract that a profile without the demand does not know: no rule looks at them.
    """

    demand: str
    rules: tuple[str, ...]
    missing: tuple[str, ...]  # names of profiles
    clause: str
    source: str  # TEXT or OURS
    why: str
    whole: bool = True
    procedures: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Profile:
    """The texts that a deployment was built to."""

    name: str
    told: str

    def has(self, difference: Difference) -> bool:
        """Say whether a demand is one of this profile."""
        return self.name not in difference.missing

    def applies(self, code: str) -> bool:
        """Say whether a rule is applied, in whole or in part."""
        return code not in _unknown(self)

    def knows(self, kind: str) -> bool:
        """Say whether a kind of procedure is one of this profile."""
        return not any(kind in d.procedures for d in self.lacks(DIFFERENCES))

    def lacks(self, differences: Iterable[Difference]) -> tuple[Difference, ...]:
        return tuple(d for d in differences if not self.has(d))


REL8 = Profile("rel8", "the texts of Release 8, without TMPI on Ub")
REL11 = Profile("rel11", "the texts of Release 11, with TMPI on Ub; judged as rel16, of which we know no later demand")
REL16 = Profile("rel16", "the texts of Release 16, which the rules quote")
CR_2009 = Profile("cr-2009", "the change request of 2009 that the procedures over IMS go back to, not its final text")

PROFILES = {profile.name: profile for profile in (REL8, REL11, REL16, CR_2009)}
DEFAULT = REL16

# ------------------------------------------------------------------------------------------------ differences

_OLD, _CR = (REL8.name, CR_2009.name), (CR_2009.name,)

TMPI = Difference(
    "TMPI on Ub", ("UB-12", "UB-17"), _OLD, "TS 33.220 4.5.2, Annex B.4", TEXT,
    "The product tokens came with Release 11, after the change request; without them no UE has a TMPI.",
)  # fmt: skip
ANNOUNCED = Difference(
    "MBMSSecurityProcedure in the service attachment", ("SI-18",), _CR, "TS 26.237 10.4, Annex H", TEXT,
    "The change request does not say how a UE is told which procedure to use.",
)  # fmt: skip
SIP_DEREGISTRATION = Difference(
    "deregistration by re-INVITE", ("SB-14", "SB-15"), _CR, "TS 26.237 10.4.2.1a", TEXT,
    "The change request has none.",
    procedures=("sip-deauthorization",),
)  # fmt: skip
END_OF_SERVICE = Difference(
    "a UE that came by SIP has its MSKs until it deregisters", ("MS-11",), _CR, "TS 33.246 6.3.2.1B", OURS,
    "In the change request the SCF tells the BM-SC by a POST that a UE is no more authorised. Of which form, our texts "
    "do not say: keyshark does not know it, and cannot tell whether an MSK that is taken back belongs to it.",
    whole=False,
)  # fmt: skip
STATUSES = Difference(
    "answer of the BM-SC with a status for each service", ("SB-12",), _CR, "TS 26.237 10.4.2.1", OURS,
    "The change request names no contents of the answer.",
)  # fmt: skip
STATUSES_IN_SIP = Difference(
    "statuses in the SIP 200, and their XML in the answer of the BM-SC", ("SB-13", "SB-17"), _CR,
    "TS 26.237 10.4.2.1, 10.4.2.2", TEXT,
    "The SCF indicates success last, which holds; the change request names nothing that it hands on.",
    whole=False,
)  # fmt: skip
REQUEST_TYPES = Difference(
    "request type of the POST, sip-based-register or sip-based-msk-request", ("SB-07", "SB-17"), _CR,
    "TS 26.237 10.4.2.1, 10.4.2.2", TEXT,
    "The change request has a POST to the BM-SC and names no request type; method, path and identity hold.",
    whole=False,
)  # fmt: skip
ANNEX_I = Difference(
    "mukLifeTime, btid and nafFqdn in the POST", ("SB-08", "SB-09"), _CR, "TS 26.237 10.4.2.1, Annex I.2", TEXT,
    "The POST of the change request has the service, the IMPU, the address of the UE and Ks_NAF. SB-09 takes the key "
    "of any FQDN where none is named.",
    whole=False,
)  # fmt: skip
NAMES_OF_THE_POST = Difference(
    "IDi and IDr that the POST names", ("SB-20",), _CR, "TS 26.237 10.4.2.1", OURS,
    "A POST that names neither NAF nor B-TID gives the BM-SC nothing to be held to.",
)  # fmt: skip
B_TID_IN_REQUEST = Difference(
    "B-TID in the re-INVITE that asks for an MSK", ("SB-16",), _CR, "TS 26.237 10.4.2.2", TEXT,
    "The re-INVITE of the change request has the MSK IDs alone.",
    whole=False,
)  # fmt: skip
SEVERAL_BM_SCS = Difference(
    "a NAF FQDN and a MUK for each BM-SC", ("SB-21",), _CR, "TS 26.237 10.4.2.1", TEXT,
    "The change request has no word on more than one BM-SC.",
)  # fmt: skip
HTTP_UA_ID = Difference(
    "Ua id 0100000003 or 0100000001", ("ZN-03",), _CR, "TS 33.220 Annex H.3", TEXT,
    "The ids were to be registered when the change request was written.",
)  # fmt: skip
SIP_UA_ID = Difference(
    "Ua id 0100000004", ("SB-04",), _CR, "TS 33.220 Annex H.3", TEXT,
    "As for ZN-03; that the FQDN is the one of the POST holds.",
    whole=False,
)  # fmt: skip

DIFFERENCES: tuple[Difference, ...] = (
    TMPI,
    ANNOUNCED,
    SIP_DEREGISTRATION,
    END_OF_SERVICE,
    STATUSES,
    STATUSES_IN_SIP,
    REQUEST_TYPES,
    ANNEX_I,
    NAMES_OF_THE_POST,
    B_TID_IN_REQUEST,
    SEVERAL_BM_SCS,
    HTTP_UA_ID,
    SIP_UA_ID,
)


@cache
def of_rule(code: str) -> tuple[Difference, ...]:
    """Return what about a rule is not the same in all profiles."""
    return tuple(difference for difference in DIFFERENCES if code in difference.rules)


def with_rule(code: str) -> tuple[str, ...]:
    """Return the names of the profiles that apply a rule, in whole or in part."""
    return tuple(name for name, profile in PROFILES.items() if profile.applies(code))


@cache
def _unknown(profile: Profile) -> frozenset[str]:
    """Return the rules that a profile does not apply."""
    return frozenset(code for d in profile.lacks(DIFFERENCES) if d.whole for code in d.rules)
