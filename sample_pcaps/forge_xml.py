"""XML documents beside those of key management itself, written by hand: service announcement, Zn web service, GUSS."""

from __future__ import annotations

from collections.abc import Sequence

from sample_pcaps.forge_text import CRLF, DECLARATION, base64_of, xml

SOAP = "http://schemas.xmlsoap.org/soap/envelope/"
GBA_SERVICE = "http://www.3gpp.org/GBAService"
DESCRIPTION = "urn:3GPP:metadata:2005:MBMS:userServiceDescription"
PROTECTION = "urn:3GPP:metadata:2005:MBMS:securityDescription"


def security_description(
    servers: Sequence[str], flows: Sequence[tuple[str, bytes, bytes]], *, wait: int = 5, back_off: int = 30
) -> bytes:
    """Return a service protection description (TS 26.346 11.3); a flow with its Key Domain ID and MSK ID."""
    keys = f'<keyManagement waitTime="{wait}" maxBackOff="{back_off}" uiccKeyManagement="false" allow2GGBA="true">'
    return xml(
        "securityDescription",
        PROTECTION,
        keys + "".join(f"<serverURI>{server}</serverURI>" for server in servers) + "</keyManagement>",
        *(
            f'<keyId><mediaFlow flowID="{flow}"/><MSK><keyDomainID>{base64_of(domain)}</keyDomainID>'
            f"<MSKID>{base64_of(msk_id)}</MSKID></MSK></keyId>"
            for flow, domain, msk_id in flows
        ),
        '<fecProtection fecEncodingId="1" fecInstanceId="0"/>',
    )


def user_services(service: str, name: str, session: str, protection: str) -> bytes:
    """Return a bundle of one user service (TS 26.346 11.2.1)."""
    method = f'<deliveryMethod sessionDescriptionURI="{session}" protectionDescriptionURI="{protection}"/>'
    return xml(
        "bundleDescription",
        DESCRIPTION,
        f'<userServiceDescription serviceId="{service}"><name lang="en">{name}</name>{method}</userServiceDescription>',
    )


def envelope(message: str, *children: str, prefix: str = "gba") -> bytes:
    """Return a SOAP envelope with a message of Zn."""
    named = f"{prefix}:{message}"
    lines = [
        DECLARATION, f'<soap:Envelope xmlns:soap="{SOAP}" xmlns:{prefix}="{GBA_SERVICE}"><soap:Body>', f"<{named}>",
        *children, f"</{named}></soap:Body></soap:Envelope>",
    ]  # fmt: skip
    return CRLF.join(lines).encode()


def zn_request(b_tid: str, naf_id: bytes, *services: str, aware: bool = False) -> bytes:
    given = [f"<gsid>{service}</gsid>" for service in services]
    told = [f"<btid>{b_tid}</btid>", f"<nafid>{base64_of(naf_id)}</nafid>", *given]
    return envelope("requestBootstrappingInfoRequest", *told, f"<gbaUAware>{str(aware).lower()}</gbaUAware>")


def zn_answer(impi: str, me_key: bytes, expires: str, uss: str = "") -> bytes:
    return envelope(
        "requestBootstrappingInfoResponse",
        f"<impi>{impi}</impi>", f"<meKeyMaterial>{base64_of(me_key)}</meKeyMaterial>",
        f"<keyExpiryTime>{expires}</keyExpiryTime>", "<gbaType>0</gbaType>", f"<ussList>{uss}</ussList>",
    )  # fmt: skip


def zn_fault(code: str, text: str) -> bytes:
    return envelope("requestBootstrappingInfoFault", f"<errorCode>{code}</errorCode>", f"<errorText>{text}</errorText>")


def uss(service: str, *uids: str, flags: Sequence[str] = ()) -> str:
    """Return user security settings (TS 29.109 annex A)."""
    listed = "".join(f"<uid>{uid}</uid>" for uid in uids), "".join(f"<flag>{flag}</flag>" for flag in flags)
    return f'<uss id="{service}" type="1" nafGroup="A"><uids>{listed[0]}</uids><flags>{listed[1]}</flags></uss>'


def guss(impi: str, *settings: str) -> bytes:
    info = "<bsfInfo><uiccType>GBA_U</uiccType><lifeTime>86400</lifeTime></bsfInfo>"
    return f'{DECLARATION}<guss id="{impi}">{info}<ussList>{"".join(settings)}</ussList></guss>'.encode()
