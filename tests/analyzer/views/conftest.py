"""A report made by hand, in which everything occurs that a view has to show."""

import pytest

from analyzer.report import (
    CaptureReport,
    CaseReport,
    Diagnosis,
    DownloadReport,
    Evidence,
    Judgement,
    KeyReport,
    LegReport,
    MalformedReport,
    MediaReport,
    ProcedureReport,
    Report,
    SightingsReport,
    StepReport,
    UeReport,
    Verdict,
)

FRAME_3 = (Evidence(0, 3),)
NO_ID = {"key_domain": None, "msk_id": None, "mtk_id": None, "b_tid": None, "naf": None}


def judgement(rule, verdict, message="it holds", level="shall", evidence=FRAME_3, **rest):
    values = {"name": "a-rule", "ue": "ue1", "procedure": "ue1.p1", "clause": "TS 33.246 6.3.2.3", "remedy": ""} | rest
    return Judgement(rule=rule, verdict=verdict, level=level, message=message, evidence=evidence, **values)


def step(name, sender, receiver, frame, time, summary="a message", protocol="mikey"):
    return StepReport(name, sender, receiver, 0, frame, time, protocol, summary)


MUK = KeyReport(
    "MUK", NO_ID | {"b_tid": "b@bsf.net", "naf": "bmsc.net"}, "derived", "0badcafe", None, "Ks_NAF is the MUK",
    {"expires": 1767312000.0}, None, None, ("12345678",),
)  # fmt: skip
MSK = KeyReport(
    "MSK", NO_ID | {"key_domain": "26f210", "msk_id": "00010002"}, "decrypted", "9f86d081", None,
    "MIKEY, frame 3, under MUK 0badcafe", {"mtk_from": 1, "mtk_to": 100}, 0, 3, ("0badcafe",),
)  # fmt: skip
SHUT = KeyReport(
    "MTK", NO_ID | {"key_domain": "26f210", "msk_id": "00010003", "mtk_id": "0001"}, "no-key", None, None,
    "MIKEY, frame 4, no MSK at hand", {}, 0, 4,
)  # fmt: skip


@pytest.fixture
def case() -> CaseReport:
    delivery = ProcedureReport(
        "ue1.p1", "msk-delivery", "TS 33.246 6.3.2.3", "success", 10.0, 11.5,
        (
            step("msk", "bm-sc", "ue", 3, 10.0, "MIKEY MSK 00010002"),
            step("verification", "ue", "bm-sc", 5, 11.5, "MIKEY verification"),
        ),
    )  # fmt: skip
    request = ProcedureReport(
        "ue1.p2", "http-registration", "TS 26.237 10.4.1.1.1", "incomplete", 12.0, 12.0,
        (step("request", "ue", "10.0.0.9", 7, 12.0, "POST /keymanagement", "http"),),
    )  # fmt: skip
    ue = UeReport(
        "ue1", ("user@home1.net",), ("sip:user@home1.net",), ("b@bsf.net",), ("10.0.0.5",), ("urn:service:1",),
        (delivery, request), (MUK, MSK, SHUT),
    )  # fmt: skip
    return CaseReport(
        name="story",
        verdict=Verdict.FAIL,
        captures=(CaptureReport("story.pcapng", "pcapng", 7, 900, 10.0, 12.0, ("EN10MB",), False, ()),),
        ues=(ue,),
        judgements=(
            judgement("MS-01", Verdict.PASS),
            judgement(
                "MS-21", Verdict.FAIL, "counter 5, expected 7", remedy="BM-SC: repeat the counter.",
                evidence=(Evidence(0, 3), Evidence(0, 5)),
            ),
            judgement("MS-22", Verdict.INCONC, "no key opens frame 4", evidence=(Evidence(0, 4),)),
            judgement("MT-03", Verdict.INCONC, "no key opens frame 4", evidence=(Evidence(0, 4),)),
            judgement("MS-98", Verdict.ERROR, "the rule failed: KeyError", traceback="Traceback …"),
            judgement("UB-12", Verdict.FAIL, "no token", level="info", ue=None, procedure="p1"),
        ),
        diagnoses=(
            Diagnosis("ue1", "msk-not-usable", "msk-wrong-key", "likely", "it is so", "do this", (Evidence(0, 3),)),
        ),
        media=(
            MediaReport("239.1.2.3:5000", "0x1234abcd", "26f210", "00010002", "0001", 50, 40, 1, 0, 9, 10.0, 12.0),
        ),
        malformed=(MalformedReport(0, 9, "mikey", "mikey.kemac", 61, "needs 4 octets, 2 left"),),
        downloads=(
            DownloadReport(
                "10.4.0.1:49154", "239.1.2.4:5010", 0, 6, "26f210", "00010002", "0001", ("video/mp4",), 900,
                "verified", "decrypted",
            ),
        ),
        profile="rel16",
    )  # fmt: skip


@pytest.fixture
def twice() -> tuple[SightingsReport, ...]:
    """The MSK message of the case was seen on three legs."""
    legs = (
        LegReport(0, (3,), 0.0, 0, (), 64),
        LegReport(0, (2, 4), 0.0001, 1, ("GTP-U 192.0.2.1 > 192.0.2.2",), 63),
        LegReport(1, (8,), 0.02, 0, (), None),
    )
    return (SightingsReport(0, 3, legs),)


@pytest.fixture
def report(case) -> Report:
    return Report("0.1.0", (case,))
