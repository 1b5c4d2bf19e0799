"""The AVPs that Diameter carries: how each is called, how its data read, and what its values mean.

Names are those of the specifications, with the prefixes that Wireshark gives where two of them took the same.
"""

from __future__ import annotations

from dataclasses import dataclass

from dissectors.diameter_names import APPLICATIONS, EXPERIMENTAL_RESULTS, RESULTS, VENDOR_3GPP, VENDORS

_DISCONNECT = {0: "REBOOTING", 1: "BUSY", 2: "DO_NOT_WANT_TO_TALK_TO_YOU"}
_DATA_THERE = {0: "USER_DATA_NOT_AVAILABLE", 1: "USER_DATA_ALREADY_AVAILABLE"}
_ASSIGNMENT = {
    0: "NO_ASSIGNMENT",
    1: "REGISTRATION",
    2: "RE_REGISTRATION",
    3: "UNREGISTERED_USER",
    4: "TIMEOUT_DEREGISTRATION",
    5: "USER_DEREGISTRATION",
    6: "TIMEOUT_DEREGISTRATION_STORE_SERVER_NAME",
    7: "USER_DEREGISTRATION_STORE_SERVER_NAME",
    8: "ADMINISTRATIVE_DEREGISTRATION",
    9: "AUTHENTICATION_FAILURE",
    10: "AUTHENTICATION_TIMEOUT",
    11: "DEREGISTRATION_TOO_MUCH_DATA",
    12: "AAA_USER_DATA_REQUEST",
    13: "PGW_UPDATE",
    14: "RESTORATION",
}
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


_BASE = {  # RFC 6733 4.5
    (0, 1): AvpType("User-Name", "text"),
    (0, 25): AvpType("Class", "octets"),
    (0, 27): AvpType("Session-Timeout", "uint"),
    (0, 33): AvpType("Proxy-State", "octets"),
    (0, 44): AvpType("Acct-Session-Id", "octets"),
    (0, 50): AvpType("Accounting-Multi-Session-Id", "text"),
    (0, 55): AvpType("Event-Timestamp", "time"),
    (0, 85): AvpType("Acct-Interim-Interval", "uint"),
    (0, 257): AvpType("Host-IP-Address", "address"),
    (0, 258): AvpType("Auth-Application-Id", "uint", 4, APPLICATIONS),
    (0, 259): AvpType("Acct-Application-Id", "uint", 4, APPLICATIONS),
    (0, 260): AvpType("Vendor-Specific-Application-Id", "grouped"),
    (0, 261): AvpType(
        "Redirect-Host-Usage",
        "int",
        4,
        {
            0: "DONT_CACHE",
            1: "ALL_SESSION",
            2: "ALL_REALM",
            3: "REALM_AND_APPLICATION",
            4: "ALL_APPLICATION",
            5: "ALL_HOST",
            6: "ALL_USER",
        },
    ),
    (0, 262): AvpType("Redirect-Max-Cache-Time", "uint"),
    (0, 263): AvpType("Session-Id", "text"),
    (0, 264): AvpType("Origin-Host", "text"),
    (0, 265): AvpType("Supported-Vendor-Id", "uint", 4, VENDORS),
    (0, 266): AvpType("Vendor-Id", "uint", 4, VENDORS),
    (0, 267): AvpType("Firmware-Revision", "uint"),
    (0, 268): AvpType("Result-Code", "uint", 4, RESULTS),
    (0, 269): AvpType("Product-Name", "text"),
    (0, 270): AvpType("Session-Binding", "int", 4, {1: "RE_AUTH", 2: "STR", 4: "ACCOUNTING"}),
    (0, 271): AvpType(
        "Session-Server-Failover",
        "int",
        4,
        {0: "REFUSE_SERVICE", 1: "TRY_AGAIN", 2: "ALLOW_SERVICE", 3: "TRY_AGAIN_ALLOW_SERVICE"},
    ),
    (0, 272): AvpType("Multi-Round-Time-Out", "uint"),
    (0, 273): AvpType("Disconnect-Cause", "int", 4, _DISCONNECT),
    (0, 274): AvpType(
        "Auth-Request-Type", "int", 4, {1: "AUTHENTICATE_ONLY", 2: "AUTHORIZE_ONLY", 3: "AUTHORIZE_AUTHENTICATE"}
    ),
    (0, 275): AvpType("Alternate-Peer", "text"),
    (0, 276): AvpType("Auth-Grace-Period", "uint"),
    (0, 277): AvpType("Auth-Session-State", "int", 4, _SESSION_STATE),
    (0, 278): AvpType("Origin-State-Id", "uint"),
    (0, 279): AvpType("Failed-AVP", "grouped"),
    (0, 280): AvpType("Proxy-Host", "text"),
    (0, 281): AvpType("Error-Message", "text"),
    (0, 282): AvpType("Route-Record", "text"),
    (0, 283): AvpType("Destination-Realm", "text"),
    (0, 284): AvpType("Proxy-Info", "grouped"),
    (0, 285): AvpType("Re-Auth-Request-Type", "int", 4, {0: "AUTHORIZE_ONLY", 1: "AUTHORIZE_AUTHENTICATE"}),
    (0, 287): AvpType("Accounting-Sub-Session-Id", "uint", 8),
    (0, 291): AvpType("Authorization-Lifetime", "uint"),
    (0, 292): AvpType("Redirect-Host", "text"),
    (0, 293): AvpType("Destination-Host", "text"),
    (0, 294): AvpType("Error-Reporting-Host", "text"),
    (0, 295): AvpType("Termination-Cause", "int", 4, _TERMINATION),
    (0, 296): AvpType("Origin-Realm", "text"),
    (0, 297): AvpType("Experimental-Result", "grouped"),
    (0, 298): AvpType("Experimental-Result-Code", "uint", 4, EXPERIMENTAL_RESULTS),
    (0, 299): AvpType("Inband-Security-Id", "int", 4, {0: "NO_INBAND_SECURITY", 1: "TLS"}),
    (0, 300): AvpType("E2E-Sequence", "grouped"),
    (0, 480): AvpType(
        "Accounting-Record-Type",
        "int",
        4,
        {1: "EVENT_RECORD", 2: "START_RECORD", 3: "INTERIM_RECORD", 4: "STOP_RECORD"},
    ),
    (0, 483): AvpType(
        "Accounting-Realtime-Required",
        "int",
        4,
        {0: "Reserved", 1: "DELIVER_AND_GRANT", 2: "GRANT_AND_STORE", 3: "GRANT_AND_LOSE"},
    ),
    (0, 485): AvpType("Accounting-Record-Number", "uint"),
}
_SIP = {  # RFC 5090 and RFC 4740: digests, and SIP servers outside IMS
    (0, 103): AvpType("Digest-Response", "text"),
    (0, 104): AvpType("Digest-Realm", "text"),
    (0, 105): AvpType("Digest-Nonce", "text"),
    (0, 106): AvpType("Digest-Response-Auth", "text"),
    (0, 107): AvpType("Digest-Nextnonce", "text"),
    (0, 108): AvpType("Digest-Method", "text"),
    (0, 109): AvpType("Digest-URI", "text"),
    (0, 110): AvpType("Digest-Qop", "text"),
    (0, 111): AvpType("Digest-Algorithm", "text"),
    (0, 112): AvpType("Digest-Entity-Body-Hash", "text"),
    (0, 113): AvpType("Digest-CNonce", "text"),
    (0, 114): AvpType("Digest-Nonce-Count", "text"),
    (0, 115): AvpType("Digest-Username", "text"),
    (0, 116): AvpType("Digest-Opaque", "text"),
    (0, 117): AvpType("Digest-Auth-Param", "text"),
    (0, 118): AvpType("Digest-AKA-Auts", "text"),
    (0, 119): AvpType("Digest-Domain", "text"),
    (0, 120): AvpType("Digest-Stale", "text"),
    (0, 121): AvpType("Digest-HA1", "text"),
    (0, 122): AvpType("SIP-AOR", "text"),
    (0, 368): AvpType("SIP-Accounting-Information", "grouped"),
    (0, 369): AvpType("SIP-Accounting-Server-URI", "text"),
    (0, 370): AvpType("SIP-Credit-Control-Server-URI", "text"),
    (0, 371): AvpType("SIP-Server-URI", "text"),
    (0, 372): AvpType("SIP-Server-Capabilities", "grouped"),
    (0, 373): AvpType("SIP-Mandatory-Capability", "uint"),
    (0, 374): AvpType("SIP-Optional-Capability", "uint"),
    (0, 375): AvpType("SIP-Server-Assignment-Type", "int", 4, _ASSIGNMENT),
    (0, 376): AvpType("SIP-Auth-Data-Item", "grouped"),
    (0, 377): AvpType("SIP-Authentication-Scheme", "int", 4, {0: "DIGEST"}),
    (0, 378): AvpType("SIP-Item-Number", "uint"),
    (0, 379): AvpType("SIP-Authenticate", "grouped"),
    (0, 380): AvpType("SIP-Authorization", "grouped"),
    (0, 381): AvpType("SIP-Authentication-Info", "grouped"),
    (0, 382): AvpType("SIP-Number-Auth-Items", "uint"),
    (0, 383): AvpType("SIP-Deregistration-Reason", "grouped"),
    (0, 384): AvpType(
        "SIP-Reason-Code",
        "int",
        4,
        {0: "PERMANENT_TERMINATION", 1: "NEW_SIP_SERVER_ASSIGNED", 2: "SIP_SERVER_CHANGE", 3: "REMOVE_SIP_SERVER"},
    ),
    (0, 385): AvpType("SIP-Reason-Info", "text"),
    (0, 386): AvpType("SIP-Visited-Network-Id", "text"),
    (0, 387): AvpType(
        "SIP-User-Authorization-Type",
        "int",
        4,
        {0: "REGISTRATION", 1: "DEREGISTRATION", 2: "REGISTRATION_AND_CAPABILITIES"},
    ),
    (0, 388): AvpType("SIP-Supported-User-Data-Type", "text"),
    (0, 389): AvpType("SIP-User-Data", "grouped"),
    (0, 390): AvpType("SIP-User-Data-Type", "text"),
    (0, 391): AvpType("SIP-User-Data-Contents", "octets"),
    (0, 392): AvpType("SIP-User-Data-Already-Available", "int", 4, _DATA_THERE),
    (0, 393): AvpType("SIP-Method", "text"),
}
_GBA = {  # TS 29.109 6.3
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
    (VENDOR_3GPP, 412): AvpType("UE-Id-Type", "int", 4, {0: "Private user identity", 1: "Public user identity"}),
    (VENDOR_3GPP, 413): AvpType("UICC-App-Label", "octets"),
    (VENDOR_3GPP, 414): AvpType("UICC-ME", "int", 4, {0: "GBA_ME", 1: "GBA_U"}),
    (VENDOR_3GPP, 415): AvpType("Requested-Key-Lifetime", "time"),
    (VENDOR_3GPP, 416): AvpType(
        "Private-Identity-Request", "int", 4, {0: "Private identity requested", 1: "Private identity not requested"}
    ),
    (VENDOR_3GPP, 417): AvpType("GBA-Push-Info", "octets"),
    (VENDOR_3GPP, 418): AvpType("NAF-SA-Identifier", "octets"),
    (VENDOR_3GPP, 419): AvpType("Security-Feature-Request", "octets"),
    (VENDOR_3GPP, 420): AvpType("Security-Feature-Response", "octets"),
}
_CX = {  # TS 29.229 6.3
    (VENDOR_3GPP, 600): AvpType("Visited-Network-Identifier", "octets"),
    (VENDOR_3GPP, 601): AvpType("Public-Identity", "text"),
    (VENDOR_3GPP, 602): AvpType("Server-Name", "text"),
    (VENDOR_3GPP, 603): AvpType("Server-Capabilities", "grouped"),
    (VENDOR_3GPP, 604): AvpType("Mandatory-Capability", "uint"),
    (VENDOR_3GPP, 605): AvpType("Optional-Capability", "uint"),
    (VENDOR_3GPP, 606): AvpType("Cx-User-Data", "octets"),
    (VENDOR_3GPP, 607): AvpType("3GPP-SIP-Number-Auth-Items", "uint"),
    (VENDOR_3GPP, 608): AvpType("3GPP-SIP-Authentication-Scheme", "text"),
    (VENDOR_3GPP, 609): AvpType("3GPP-SIP-Authenticate", "octets"),
    (VENDOR_3GPP, 610): AvpType("3GPP-SIP-Authorization", "octets"),
    (VENDOR_3GPP, 611): AvpType("SIP-Authentication-Context", "octets"),
    (VENDOR_3GPP, 612): AvpType("3GPP-SIP-Auth-Data-Item", "grouped"),
    (VENDOR_3GPP, 613): AvpType("3GPP-SIP-Item-Number", "uint"),
    (VENDOR_3GPP, 614): AvpType("Server-Assignment-Type", "int", 4, _ASSIGNMENT),
    (VENDOR_3GPP, 615): AvpType("Deregistration-Reason", "grouped"),
    (VENDOR_3GPP, 616): AvpType(
        "Reason-Code",
        "int",
        4,
        {0: "PERMANENT_TERMINATION", 1: "NEW_SERVER_ASSIGNED", 2: "SERVER_CHANGE", 3: "REMOVE_S-CSCF"},
    ),
    (VENDOR_3GPP, 617): AvpType("Reason-Info", "text"),
    (VENDOR_3GPP, 618): AvpType("Charging-Information", "grouped"),
    (VENDOR_3GPP, 619): AvpType("Primary-Event-Charging-Function-Name", "text"),
    (VENDOR_3GPP, 620): AvpType("Secondary-Event-Charging-Function-Name", "text"),
    (VENDOR_3GPP, 621): AvpType("Primary-Charging-Collection-Function-Name", "text"),
    (VENDOR_3GPP, 622): AvpType("Secondary-Charging-Collection-Function-Name", "text"),
    (VENDOR_3GPP, 623): AvpType(
        "User-Authorization-Type",
        "int",
        4,
        {0: "REGISTRATION", 1: "DE_REGISTRATION", 2: "REGISTRATION_AND_CAPABILITIES"},
    ),
    (VENDOR_3GPP, 624): AvpType("User-Data-Already-Available", "int", 4, _DATA_THERE),
    (VENDOR_3GPP, 625): AvpType("Confidentiality-Key", "octets"),
    (VENDOR_3GPP, 626): AvpType("Integrity-Key", "octets"),
    (VENDOR_3GPP, 627): AvpType(
        "User-Data-Request-Type-OBSOLETE",
        "int",
        4,
        {0: "Complete-Profile", 1: "Registered-Profile", 2: "Unregistered-Profile"},
    ),
    (VENDOR_3GPP, 628): AvpType("Supported-Features", "grouped"),
    (VENDOR_3GPP, 629): AvpType("Feature-List-ID", "uint"),
    (VENDOR_3GPP, 630): AvpType("Feature-List", "uint"),
    (VENDOR_3GPP, 631): AvpType("Supported-Applications", "grouped"),
    (VENDOR_3GPP, 632): AvpType("Associated-Identities", "grouped"),
    (VENDOR_3GPP, 633): AvpType("Originating-Request", "int", 4, {0: "ORIGINATING"}),
    (VENDOR_3GPP, 634): AvpType("Wildcarded-PSI", "text"),
    (VENDOR_3GPP, 635): AvpType("SIP-Digest-Authenticate", "grouped"),
    (VENDOR_3GPP, 636): AvpType("Wildcarded-IMPU", "text"),
    (VENDOR_3GPP, 637): AvpType("UAR-Flags", "uint"),
    (VENDOR_3GPP, 638): AvpType(
        "Loose-Route-Indication", "int", 4, {0: "LOOSE_ROUTE_NOT_REQUIRED", 1: "LOOSE_ROUTE_REQUIRED"}
    ),
    (VENDOR_3GPP, 639): AvpType("SCSCF-Restoration-Info", "grouped"),
    (VENDOR_3GPP, 640): AvpType("Path", "octets"),
    (VENDOR_3GPP, 641): AvpType("Contact", "octets"),
    (VENDOR_3GPP, 642): AvpType("Subscription-Info", "grouped"),
    (VENDOR_3GPP, 643): AvpType("Call-ID-SIP-Header", "octets"),
    (VENDOR_3GPP, 644): AvpType("From-SIP-Header", "octets"),
    (VENDOR_3GPP, 645): AvpType("To-SIP-Header", "octets"),
    (VENDOR_3GPP, 646): AvpType("Record-Route", "octets"),
    (VENDOR_3GPP, 647): AvpType("Associated-Registered-Identities", "grouped"),
    (VENDOR_3GPP, 648): AvpType(
        "Multiple-Registration-Indication", "int", 4, {0: "NOT_MULTIPLE_REGISTRATION", 1: "MULTIPLE_REGISTRATION"}
    ),
    (VENDOR_3GPP, 649): AvpType("Restoration-Info", "grouped"),
    (VENDOR_3GPP, 650): AvpType(
        "Session-Priority",
        "int",
        4,
        {0: "PRIORITY-0", 1: "PRIORITY-1", 2: "PRIORITY-2", 3: "PRIORITY-3", 4: "PRIORITY-4"},
    ),
    (VENDOR_3GPP, 651): AvpType("Identity-with-Emergency-Registration", "grouped"),
    (VENDOR_3GPP, 652): AvpType(
        "Priviledged-Sender-Indication", "int", 4, {0: "NOT_PRIVILEGED_SENDER", 1: "PRIVILEGED_SENDER"}
    ),
    (VENDOR_3GPP, 653): AvpType("LIA-Flags", "uint"),
    (VENDOR_3GPP, 654): AvpType("Initial-CSeq-Sequence-Number", "uint"),
    (VENDOR_3GPP, 655): AvpType("SAR-Flags", "uint"),
    (VENDOR_3GPP, 656): AvpType("Allowed-WAF-WWSF-Identities", "grouped"),
    (VENDOR_3GPP, 657): AvpType("WebRTC-Authentication-Function-Name", "text"),
    (VENDOR_3GPP, 658): AvpType("WebRTC-Web-Server-Function-Name", "text"),
}
_SH = {  # TS 29.329 6.3
    (VENDOR_3GPP, 700): AvpType("User-Identity", "grouped"),
    (VENDOR_3GPP, 701): AvpType("MSISDN", "octets"),
    (VENDOR_3GPP, 702): AvpType("Sh-User-Data", "octets"),
    (VENDOR_3GPP, 703): AvpType(
        "Data-Reference",
        "int",
        4,
        {
            0: "RepositoryData",
            10: "IMSPublicIdentity",
            11: "IMSUserState",
            12: "S-CSCFName",
            13: "InitialFilterCriteria",
            14: "LocationInformation",
            15: "UserState",
            16: "ChargingInformation",
            17: "MSISDN",
            18: "PSIActivation",
            19: "DSAI",
            20: "Reserved",
            21: "ServiceLevelTraceInfo",
            22: "IPAddressSecureBindingInformation",
            23: "ServicePriorityLevel",
            24: "SMSRegistrationInfo",
            25: "UEReachabilityForIP",
            26: "TADSinformation",
            27: "STN-SR",
            28: "UE-SRVCC-Capability",
            29: "ExtendedPriority",
            30: "CSRN",
            31: "ReferenceLocationInformation",
            32: "IMSI",
            33: "IMSPrivateUserIdentity",
            34: "IMEISV",
            35: "UE-5G-SRVCC-Capability",
        },
    ),
    (VENDOR_3GPP, 704): AvpType("Service-Indication", "octets"),
    (VENDOR_3GPP, 705): AvpType("Subs-Req-Type", "int", 4, {0: "Subscribe", 1: "Unsubscribe"}),
    (VENDOR_3GPP, 706): AvpType("Requested-Domain", "int", 4, {0: "CS-Domain", 1: "PS-Domain"}),
    (VENDOR_3GPP, 707): AvpType(
        "Current-Location",
        "int",
        4,
        {0: "DoNotNeedInitiateActiveLocationRetrieval", 1: "InitiateActiveLocationRetrieval"},
    ),
    (VENDOR_3GPP, 708): AvpType(
        "Identity-Set",
        "int",
        4,
        {0: "ALL_IDENTITIES", 1: "REGISTERED_IDENTITIES", 2: "IMPLICIT_IDENTITIES", 3: "ALIAS_IDENTITIES"},
    ),
    (VENDOR_3GPP, 709): AvpType("Expiry-Time", "time"),
    (VENDOR_3GPP, 710): AvpType(
        "Send-Data-Indication", "int", 4, {0: "USER_DATA_NOT_REQUESTED", 1: "USER_DATA_REQUESTED"}
    ),
    (VENDOR_3GPP, 711): AvpType("DSAI-Tag", "octets"),
    (VENDOR_3GPP, 712): AvpType("One-Time-Notification", "int", 4, {0: "ONE_TIME_NOTIFICATION_REQUESTED"}),
    (VENDOR_3GPP, 713): AvpType("Requested-Nodes", "uint"),
    (VENDOR_3GPP, 714): AvpType("Serving-Node-Indication", "int", 4, {0: "ONLY_SERVING_NODES_REQUIRED"}),
    (VENDOR_3GPP, 715): AvpType("Repository-Data-ID", "grouped"),
    (VENDOR_3GPP, 716): AvpType("Sequence-Number", "uint"),
    (VENDOR_3GPP, 717): AvpType(
        "Pre-paging-Supported", "int", 4, {0: "PREPAGING_NOT_SUPPORTED", 1: "PREPAGING_SUPPORTED"}
    ),
    (VENDOR_3GPP, 718): AvpType(
        "Local-Time-Zone-Indication",
        "int",
        4,
        {0: "ONLY_LOCAL_TIME_ZONE_REQUESTED", 1: "LOCAL_TIME_ZONE_WITH_LOCATION_INFO_REQUESTED"},
    ),
    (VENDOR_3GPP, 719): AvpType(
        "UDR-Flags", "int", 4, {1: "Location-Information-EPS-Supported", 2: "RAT-Type-Requested"}
    ),
}
# By vendor (0 for none) and code
AVPS: dict[tuple[int, int], AvpType] = {**_BASE, **_SIP, **_GBA, **_CX, **_SH}
XML = frozenset(
    ((VENDOR_3GPP, 400), (VENDOR_3GPP, 606), (VENDOR_3GPP, 702))
)  # their octets are a document: USS, IMS profiles
