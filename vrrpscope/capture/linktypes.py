"""LINKTYPE_ numbers and the names tcpdump prints for them.

A capture file names its link layer by number (https://www.tcpdump.org/linktypes.html). The table holds what
VRRP may be met under and what people capture by mistake; any other number is still named, as `LINKTYPE_nnn`.
"""

from __future__ import annotations

LINKTYPES: dict[int, str] = {
    0: "NULL",
    1: "EN10MB",
    6: "IEEE802",
    7: "ARCNET",
    8: "SLIP",
    9: "PPP",
    10: "FDDI",
    # 12 and 14 are no LINKTYPE_ numbers but what old systems called DLT_RAW, and wrote into files.
    12: "RAW",
    14: "RAW",
    50: "PPP_SERIAL",
    51: "PPP_ETHER",
    100: "ATM_RFC1483",
    101: "RAW",
    104: "C_HDLC",
    105: "IEEE802_11",
    107: "FRELAY",
    108: "LOOP",
    109: "ENC",
    113: "LINUX_SLL",
    114: "LTALK",
    117: "PFLOG",
    119: "PRISM_HEADER",
    122: "IP_OVER_FC",
    123: "SUNATM",
    127: "IEEE802_11_RADIO",
    129: "ARCNET_LINUX",
    138: "APPLE_IP_OVER_IEEE1394",
    149: "USER2",
    163: "IEEE802_11_RADIO_AVS",
    166: "PPP_PPPD",
    169: "GPRS_LLC",
    187: "BLUETOOTH_HCI_H4",
    189: "USB_LINUX",
    192: "PPI",
    201: "BLUETOOTH_HCI_H4_WITH_PHDR",
    204: "PPP_WITH_DIR",
    205: "C_HDLC_WITH_DIR",
    206: "FRELAY_WITH_DIR",
    220: "USB_LINUX_MMAPPED",
    226: "IPNET",
    228: "IPV4",
    229: "IPV6",
    239: "NFLOG",
    240: "NETANALYZER",
    241: "NETANALYZER_TRANSPARENT",
    242: "IPOIB",
    247: "INFINIBAND",
    249: "USBPCAP",
    253: "NETLINK",
    258: "PKTAP",
    271: "VSOCK",
    274: "ETHERNET_MPACKET",
    276: "LINUX_SLL2",
    290: "ETW",
}


def link_name(number: int) -> str:
    """The name tcpdump gives to LINKTYPE_ `number`, or `LINKTYPE_nnn` where the table has none."""
    return LINKTYPES.get(number, f"LINKTYPE_{number}")
