"""Link types by the names that tcpdump gives them (https://www.tcpdump.org/linktypes.html)."""

from __future__ import annotations

NULL = 0
EN10MB = 1
PPP = 9
PPP_SERIAL = 50
PPP_ETHER = 51
RAW = 101
C_HDLC = 104
IEEE802_11 = 105
FRELAY = 107
LOOP = 108
LINUX_SLL = 113
IEEE802_11_RADIO = 127
PPI = 192
IPV4 = 228
IPV6 = 229
NFLOG = 239
WIRESHARK_UPPER_PDU = 252
PKTAP = 258
LINUX_SLL2 = 276

# Some systems wrote their own DLT_RAW into files: OpenBSD 14, the others 12.
RAW_ALSO = (12, 14)

_NAMES = {
    NULL: "NULL",
    EN10MB: "EN10MB",
    6: "IEEE802",
    7: "ARCNET",
    8: "SLIP",
    PPP: "PPP",
    10: "FDDI",
    12: "RAW",
    14: "RAW",
    PPP_SERIAL: "PPP_SERIAL",
    PPP_ETHER: "PPP_ETHER",
    RAW: "RAW",
    C_HDLC: "C_HDLC",
    IEEE802_11: "IEEE802_11",
    FRELAY: "FRELAY",
    LOOP: "LOOP",
    LINUX_SLL: "LINUX_SLL",
    119: "PRISM_HEADER",
    IEEE802_11_RADIO: "IEEE802_11_RADIO",
    147: "USER0",
    148: "USER1",
    149: "USER2",
    150: "USER3",
    187: "BLUETOOTH_HCI_H4",
    189: "USB_LINUX",
    PPI: "PPI",
    195: "IEEE802_15_4",
    220: "USB_LINUX_MMAPPED",
    IPV4: "IPV4",
    IPV6: "IPV6",
    NFLOG: "NFLOG",
    248: "SCTP",
    WIRESHARK_UPPER_PDU: "WIRESHARK_UPPER_PDU",
    253: "NETLINK",
    PKTAP: "PKTAP",
    LINUX_SLL2: "LINUX_SLL2",
}


def name(number: int) -> str:
    """Return the tcpdump name of a LINKTYPE_ number, `DLT_n` for one that has none here."""
    return _NAMES.get(number, f"DLT_{number}")
