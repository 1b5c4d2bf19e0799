"""What a broken rule comes to: the cause that it is (contract 7), and the symptom that it makes by itself."""

from __future__ import annotations

from dataclasses import dataclass

CERTAIN, LIKELY, POSSIBLE = "certain", "likely", "possible"
CONFIDENCES = (CERTAIN, LIKELY, POSSIBLE)  # the best first


@dataclass(frozen=True, slots=True)
class Effect:
    """The cause that a broken rule shows.

    `symptom` is what a UE that keeps to the specifications then suffers, though nothing in the capture may say so;
    empty where the break alone does no harm, and only explains what is seen to have failed.
    """

    cause: str
    symptom: str = ""
    confidence: str = CERTAIN


NOT_DELIVERED, NOT_USABLE = "msk-not-delivered", "msk-not-usable"
MTK, MEDIA, STILL = "mtk-not-usable", "media-not-decryptable", "deregistration-failed"

EFFECTS: dict[str, Effect] = {
    # Bootstrapping
    **dict.fromkeys(("UB-02", "UB-03", "UB-04", "UB-05", "UB-06", "UB-13"), Effect("bootstrapping-failed")),
    "UB-07": Effect("bootstrapping-sync-failure"),
    "UB-10": Effect("unknown-b-tid-at-bsf"),
    "UB-11": Effect("expired-ks-naf"),
    # Zn
    "ZN-01": Effect("zn-rejected"),
    **dict.fromkeys(("ZN-02", "ZN-03", "ZN-04", "ZN-09"), Effect("zn-wrong-key")),
    "ZN-05": Effect("expired-ks-naf"),
    "ZN-06": Effect("expired-ks-naf"),
    "ZN-07": Effect("identity-mismatch"),
    "ZN-11": Effect("zn-no-answer"),
    # The digest on Ua
    **dict.fromkeys(("DG-02", "DG-03", "DG-05", "DG-06", "DG-08", "DG-15"), Effect("digest-wrong-response")),
    "DG-07": Effect("server-unproven"),
    "DG-04": Effect("expired-ks-naf"),
    "DG-10": Effect("digest-stale-nonce-loop"),
    "DG-11": Effect("digest-no-retry-after-401"),
    "DG-12": Effect("unknown-b-tid-at-bsf"),
    "DG-13": Effect("server-unavailable"),
    "DG-14": Effect("server-unavailable"),
    "DG-16": Effect("identity-header-missing"),
    "DG-17": Effect("identity-mismatch"),
    "EX-01": Effect("expired-ks-naf", "ks-naf-refresh-failed", LIKELY),
    "EX-05": Effect("identity-mismatch"),
    "EX-07": Effect("stale-b-tid-reused"),
    "EX-09": Effect("server-unavailable", confidence=LIKELY),
    "EX-10": Effect("unknown-b-tid-at-bsf"),
    # Registration and MSK request over HTTP
    **dict.fromkeys(("RG-01", "RG-03", "RG-09"), Effect("wrong-request-uri")),
    **dict.fromkeys(("RG-05", "RG-06"), Effect("wrong-content-type")),
    "RG-04": Effect("msk-message-lost", NOT_DELIVERED, LIKELY),
    "RG-10": Effect("msk-message-lost", NOT_DELIVERED, LIKELY),
    **dict.fromkeys(("RG-07", "RG-08", "RG-11", "SI-17", "SB-23"), Effect("deauthorized-ue-still-served", STILL)),
    "RG-12": Effect("malformed-body"),
    "RG-14": Effect("msk-wrong-destination"),
    "RG-16": Effect("malformed-body"),
    "RG-17": Effect("old-muk-used"),
    # SIP session and authorization
    **dict.fromkeys(("SI-01", "SI-05"), Effect("malformed-body")),
    **dict.fromkeys(("SI-02", "SB-07"), Effect("identity-header-missing")),
    **dict.fromkeys(("SI-04", "SB-19"), Effect("wrong-request-uri")),
    **dict.fromkeys(("SI-08", "SI-14"), Effect("authorization-after-200-ok")),
    **dict.fromkeys(("SI-10", "SI-15"), Effect("identity-mismatch")),
    "SI-11": Effect("service-not-authorized"),
    "SI-07": Effect("answer-changes-the-offer", MEDIA, LIKELY),
    **dict.fromkeys(("SI-12", "SI-13"), Effect("authorization-notification-missing")),
    # The SIP variant
    **dict.fromkeys(("SB-01", "SB-08", "SB-14", "SB-16"), Effect("malformed-body")),
    "SB-02": Effect("expired-ks-naf"),
    "SB-05": Effect("stale-b-tid-reused"),
    "SB-09": Effect("msk-wrong-key", NOT_USABLE),
    "SB-11": Effect("msk-wrong-destination", NOT_DELIVERED),
    "SB-12": Effect("wrong-content-type"),
    "SB-17": Effect("msk-id-mismatch"),
    "SB-18": Effect("stale-b-tid-reused", "ks-naf-refresh-failed"),
    "SB-20": Effect("msk-wrong-key", NOT_USABLE, LIKELY),
    "SB-21": Effect("msk-wrong-key", NOT_USABLE),
    # MSK messages
    "MS-01": Effect("msk-wrong-destination", NOT_DELIVERED),
    **dict.fromkeys(("MS-02", "MS-03", "MS-04", "MS-06", "MS-10"), Effect("msk-malformed", NOT_USABLE, LIKELY)),
    "MS-05": Effect("msk-rand-differs", MTK),
    "MS-07": Effect("old-muk-used", NOT_USABLE),
    "MS-08": Effect("msk-id-mismatch", NOT_USABLE, LIKELY),
    "MS-11": Effect("msk-invalidated", NOT_USABLE, LIKELY),
    "MS-12": Effect("msk-replayed", NOT_USABLE),
    **dict.fromkeys(("MS-13", "MS-14", "MS-15"), Effect("policy-unusable", MEDIA, LIKELY)),
    "MS-16": Effect("msk-wrong-key", NOT_USABLE),
    "MS-17": Effect("msk-id-mismatch", NOT_USABLE, LIKELY),
    "MS-18": Effect("msk-superseded", MEDIA, LIKELY),
    **dict.fromkeys(("MS-19", "MS-22"), Effect("msk-not-acknowledged", NOT_DELIVERED, LIKELY)),
    "MS-28": Effect("solicited-pull-unanswered", "msk-refresh-failed"),
    "MS-29": Effect("expired-ks-naf", "msk-refresh-failed", LIKELY),
    "EX-02": Effect("expired-ks-naf", NOT_USABLE),
    # MTK messages
    "MT-01": Effect("mtk-not-delivered", MTK),
    **dict.fromkeys(("MT-03", "MT-05", "MT-14"), Effect("mtk-malformed", MTK, LIKELY)),
    "MT-04": Effect("msk-message-lost", MTK, LIKELY),
    **dict.fromkeys(("MT-06", "MT-09"), Effect("mtk-replayed", MTK)),
    "MT-07": Effect("mtk-outside-msk-validity", MTK),
    **dict.fromkeys(("MT-08", "MT-10"), Effect("mtk-wrong-key", MTK)),
    "MT-12": Effect("mtk-late", MEDIA),
    # Media
    "SR-01": Effect("srtp-unknown-mki", MEDIA),
    **dict.fromkeys(("SR-02", "SR-04"), Effect("srtp-auth-failed", MEDIA)),
    "SR-03": Effect("clock-or-counter-reset", MEDIA),
    "SR-05": Effect("srtp-unknown-ssrc", MEDIA, LIKELY),
    "SR-06": Effect("srtp-index-reused", MEDIA),
    "SR-07": Effect("srtp-index-reused"),
    "SR-12": Effect("media-unprotected", MEDIA, LIKELY),
    "SR-11": Effect("missed-key-update-ignored", MEDIA),
    "SR-13": Effect("dcf-unprotected", MEDIA, LIKELY),
    "SR-14": Effect("dcf-signature-failed", MEDIA),
}
# Broken by what came after a refusal: not its cause, but that of the next one
OF_THE_REPEAT = frozenset(("SB-05", "DG-14"))
