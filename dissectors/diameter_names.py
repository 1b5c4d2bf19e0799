"""The codes of Diameter and what they mean: RFC 6733, and Zn and Zh of TS 29.109."""

from __future__ import annotations

from dataclasses import dataclass

VENDOR_3GPP = 10415

COMMANDS = {
    257: "Capabilities-Exchange",
    258: "Re-Auth",
    265: "AA",
    271: "Accounting",
    272: "Credit-Control",
    274: "Abort-Session",
    275: "Session-Termination",
    280: "Device-Watchdog",
    282: "Disconnect-Peer",
    300: "User-Authorization",
    301: "Server-Assignment",
    302: "Location-Info",
    303: "Multimedia-Auth",
    304: "Registration-Termination",
    305: "Push-Profile",
    306: "User-Data",
    307: "Profile-Update",
    308: "Subscribe-Notifications",
    309: "Push-Notification",
    310: "Bootstrapping-Info",
}
APPLICATIONS = {
    0: "Diameter common messages",
    3: "Diameter base accounting",
    4: "Diameter credit control",
    16777216: "3GPP Cx",
    16777217: "3GPP Sh",
    16777220: "3GPP Zn",
    16777221: "3GPP Zh",
    16777236: "3GPP Rx",
    16777238: "3GPP Gx",
    0xFFFFFFFF: "Relay",
}
VENDORS = {0: "None", VENDOR_3GPP: "3GPP", 13019: "ETSI"}

RESULTS = {
    1001: "DIAMETER_MULTI_ROUND_AUTH",
    2001: "DIAMETER_SUCCESS",
    2002: "DIAMETER_LIMITED_SUCCESS",
    3001: "DIAMETER_COMMAND_UNSUPPORTED",
    3002: "DIAMETER_UNABLE_TO_DELIVER",
    3003: "DIAMETER_REALM_NOT_SERVED",
    3004: "DIAMETER_TOO_BUSY",
    3005: "DIAMETER_LOOP_DETECTED",
    3006: "DIAMETER_REDIRECT_INDICATION",
    3007: "DIAMETER_APPLICATION_UNSUPPORTED",
    3008: "DIAMETER_INVALID_HDR_BITS",
    3009: "DIAMETER_INVALID_AVP_BITS",
    3010: "DIAMETER_UNKNOWN_PEER",
    4001: "DIAMETER_AUTHENTICATION_REJECTED",
    4002: "DIAMETER_OUT_OF_SPACE",
    4003: "ELECTION_LOST",
    5001: "DIAMETER_AVP_UNSUPPORTED",
    5002: "DIAMETER_UNKNOWN_SESSION_ID",
    5003: "DIAMETER_AUTHORIZATION_REJECTED",
    5004: "DIAMETER_INVALID_AVP_VALUE",
    5005: "DIAMETER_MISSING_AVP",
    5006: "DIAMETER_RESOURCES_EXCEEDED",
    5007: "DIAMETER_CONTRADICTING_AVPS",
    5008: "DIAMETER_AVP_NOT_ALLOWED",
    5009: "DIAMETER_AVP_OCCURS_TOO_MANY_TIMES",
    5010: "DIAMETER_NO_COMMON_APPLICATION",
    5011: "DIAMETER_UNSUPPORTED_VERSION",
    5012: "DIAMETER_UNABLE_TO_COMPLY",
    5013: "DIAMETER_INVALID_BIT_IN_HEADER",
    5014: "DIAMETER_INVALID_AVP_LENGTH",
    5015: "DIAMETER_INVALID_MESSAGE_LENGTH",
    5016: "DIAMETER_INVALID_AVP_BIT_COMBO",
    5017: "DIAMETER_NO_COMMON_SECURITY",
}
EXPERIMENTAL_RESULTS = {  # TS 29.109 6.2
    5401: "DIAMETER_ERROR_IDENTITY_UNKNOWN",
    5402: "DIAMETER_ERROR_NOT_AUTHORIZED",
    5403: "DIAMETER_ERROR_TRANSACTION_IDENTIFIER_INVALID",
}
_DISCONNECT = {0: "REBOOTING", 1: "BUSY", 2: "DO_NOT_WANT_TO_TALK_TO_YOU"}
_SESSION_STATE = {0: "STATE_MAINTAINED", 1: "NO_STATE_MAINTAINED"}
_TERMINATION = {
    1: "DIAMETER_LOGOUT",
    2: "DIAMETER_SERVICE_NOT_PROVIDED",
    3: "DIAMETER_BAD_ANSWER",
    4: "DIAMETER_ADMINISTRATIVE",
    5: "DIAMETER_LINK_BROKEN",
    6: "DIAMETER_AUTH_EXPIRED",
    7: "DIAMETER_USER_MOVED",
    8: "DIAMETER_SESSION_TIMEOUT",
}


@dataclass(frozen=True, slots=True)
class AvpType:
    """An AVP: its name after "diameter.", how its data read, and the names of its values.

    `kind` is one of octets, text, uint, int, time, address, naf_id, grouped; a uint or int has `size` octets.
    """

    name: str
    kind: str
    size: int = 4
    names: dict[int, str] | None = None


# By vendor (0 for none) and code: RFC 6733 4.5, TS 29.109 6.3, keys of IMS AKA of TS 29.229 6.3
AVPS: dict[tuple[int, int], AvpType] = {
    (0, 1): AvpType("User-Name", "text"),
    (0, 25): AvpType("Class", "octets"),
    (0, 27): AvpType("Session-Timeout", "uint"),
    (0, 33): AvpType("Proxy-State", "octets"),
    (0, 50): AvpType("Acct-Multi-Session-Id", "text"),
    (0, 55): AvpType("Event-Timestamp", "time"),
    (0, 257): AvpType("Host-IP-Address", "address"),
    (0, 258): AvpType("Auth-Application-Id", "uint", 4, APPLICATIONS),
    (0, 259): AvpType("Acct-Application-Id", "uint", 4, APPLICATIONS),
    (0, 260): AvpType("Vendor-Specific-Application-Id", "grouped"),
    (0, 261): AvpType("Redirect-Host-Usage", "int"),
    (0, 262): AvpType("Redirect-Max-Cache-Time", "uint"),
    (0, 263): AvpType("Session-Id", "text"),
    (0, 264): AvpType("Origin-Host", "text"),
    (0, 265): AvpType("Supported-Vendor-Id", "uint", 4, VENDORS),
    (0, 266): AvpType("Vendor-Id", "uint", 4, VENDORS),
    (0, 267): AvpType("Firmware-Revision", "uint"),
    (0, 268): AvpType("Result-Code", "uint", 4, RESULTS),
    (0, 269): AvpType("Product-Name", "text"),
    (0, 270): AvpType("Session-Binding", "uint"),
    (0, 271): AvpType("Session-Server-Failover", "int"),
    (0, 272): AvpType("Multi-Round-Time-Out", "uint"),
    (0, 273): AvpType("Disconnect-Cause", "int", 4, _DISCONNECT),
    (0, 274): AvpType("Auth-Request-Type", "int"),
    (0, 276): AvpType("Auth-Grace-Period", "uint"),
    (0, 277): AvpType("Auth-Session-State", "int", 4, _SESSION_STATE),
    (0, 278): AvpType("Origin-State-Id", "uint"),
    (0, 279): AvpType("Failed-AVP", "grouped"),
    (0, 280): AvpType("Proxy-Host", "text"),
    (0, 281): AvpType("Error-Message", "text"),
    (0, 282): AvpType("Route-Record", "text"),
    (0, 283): AvpType("Destination-Realm", "text"),
    (0, 284): AvpType("Proxy-Info", "grouped"),
    (0, 285): AvpType("Re-Auth-Request-Type", "int"),
    (0, 287): AvpType("Accounting-Sub-Session-Id", "uint", 8),
    (0, 291): AvpType("Authorization-Lifetime", "uint"),
    (0, 292): AvpType("Redirect-Host", "text"),
    (0, 293): AvpType("Destination-Host", "text"),
    (0, 294): AvpType("Error-Reporting-Host", "text"),
    (0, 295): AvpType("Termination-Cause", "int", 4, _TERMINATION),
    (0, 296): AvpType("Origin-Realm", "text"),
    (0, 297): AvpType("Experimental-Result", "grouped"),
    (0, 298): AvpType("Experimental-Result-Code", "uint", 4, EXPERIMENTAL_RESULTS),
    (0, 299): AvpType("Inband-Security-Id", "uint"),
    (0, 480): AvpType("Accounting-Record-Type", "int"),
    (0, 485): AvpType("Accounting-Record-Number", "uint"),
    (VENDOR_3GPP, 400): AvpType("GBA-UserSecSettings", "octets"),
    (VENDOR_3GPP, 401): AvpType("Transaction-Identifier", "octets"),
    (VENDOR_3GPP, 402): AvpType("NAF-Id", "naf_id"),
    (VENDOR_3GPP, 403): AvpType("GAA-Service-Identifier", "octets"),
    (VENDOR_3GPP, 404): AvpType("Key-ExpiryTime", "time"),
    (VENDOR_3GPP, 405): AvpType("ME-Key-Material", "octets"),
    (VENDOR_3GPP, 406): AvpType("UICC-Key-Material", "octets"),
    (VENDOR_3GPP, 407): AvpType("GBA_U-Awareness-Indicator", "int", 4, {0: "NO", 1: "YES"}),
    (VENDOR_3GPP, 408): AvpType("BootstrapInfoCreationTime", "time"),
    (VENDOR_3GPP, 409): AvpType("GUSS-Timestamp", "time"),
    (VENDOR_3GPP, 410): AvpType("GBA-Type", "int", 4, {0: "3G GBA", 1: "2G GBA", 2: "GBA_Digest"}),
    (VENDOR_3GPP, 411): AvpType("UE-Id", "octets"),
    (VENDOR_3GPP, 412): AvpType("UE-Id-Type", "int"),
    (VENDOR_3GPP, 413): AvpType("UICC-App-Label", "octets"),
    (VENDOR_3GPP, 414): AvpType("UICC-ME", "int"),
    (VENDOR_3GPP, 415): AvpType("Requested-Key-Lifetime", "time"),
    (VENDOR_3GPP, 416): AvpType("Private-Identity-Request", "int"),
    (VENDOR_3GPP, 417): AvpType("GBA-Push-Info", "octets"),
    (VENDOR_3GPP, 418): AvpType("NAF-SA-Identifier", "octets"),
    (VENDOR_3GPP, 419): AvpType("Security-Feature-Request", "octets"),
    (VENDOR_3GPP, 420): AvpType("Security-Feature-Response", "octets"),
    (VENDOR_3GPP, 607): AvpType("3GPP-SIP-Number-Auth-Items", "uint"),
    (VENDOR_3GPP, 608): AvpType("3GPP-SIP-Authentication-Scheme", "text"),
    (VENDOR_3GPP, 609): AvpType("3GPP-SIP-Authenticate", "octets"),
    (VENDOR_3GPP, 610): AvpType("3GPP-SIP-Authorization", "octets"),
    (VENDOR_3GPP, 612): AvpType("3GPP-SIP-Auth-Data-Item", "grouped"),
    (VENDOR_3GPP, 613): AvpType("3GPP-SIP-Item-Number", "uint"),
    (VENDOR_3GPP, 625): AvpType("Confidentiality-Key", "octets"),
    (VENDOR_3GPP, 626): AvpType("Integrity-Key", "octets"),
}
