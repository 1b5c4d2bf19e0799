"""Headers by columns say what those read one by one say, of each frame that is plain."""

from itertools import islice

from hypothesis import given, settings
from hypothesis import strategies as st

from analyzer.capture import linktypes
from analyzer.capture.frame import Frame
from analyzer.capture.reader import open_capture
from analyzer.decode.headercolumns import ADDRESSES, EITHER, HEAD, LAYERS, MACS, NUMBERS, HeaderColumns
from analyzer.decode.headers import read_headers

SAMPLES = ("http_good", "ipv6", "sip_on_two_vlans", "http_in_gtp", "sip_in_vxlan", "zn_over_sctp", "http_in_fragments")
NAMES = (*LAYERS, *NUMBERS, *ADDRESSES, *MACS, *EITHER, "ip.hdr_len", "vlan.id", "vlan.etype", "sctp.port", "esp.spi")


def frames_of(name, most=400):
    return list(islice(open_capture(f"sample_pcaps/{name}/capture.pcapng"), most))


def told(frame):
    """What headers read one by one say: the values by name, and all else."""
    headers = read_headers(frame)
    values = {}
    for top in headers.fields:
        for each in top.walk():
            values.setdefault(each.name, []).append(each.value)
    for name, sides in EITHER.items():
        values[name] = [value for side in sides for value in values.get(side, ())]
    return values, headers


def compare(frames):
    """Hold both against each other; return how many frames are plain."""
    columns = HeaderColumns(frames)
    of = {name: columns.of(name) for name in NAMES if name not in LAYERS or name in ("eth", "vlan")}
    has = {name: columns.has(name) for name in NAMES}
    media, flows, ends = columns.media(), columns.flows(), {}
    for row, frame in enumerate(frames):
        if not columns.plain[row]:
            continue
        values, headers = told(frame)
        for name, column in of.items():
            assert column[row] == values.get(name, []), (name, frame.number)
        for name, column in has.items():
            assert column[row] == (name == "frame" or bool(values.get(name))), (name, frame.number)
        sides = [values.get(name) for name in ("ip.addr", "ipv6.addr", "udp.port", "tcp.port")]
        assert ends.setdefault(flows[row], sides) == sides
        assert (media[row] and media[row][0]) == headers.stream
        if media[row]:
            assert frame.data[headers.body :].startswith(media[row][1])
    return sum(columns.plain)


def test_plain_frames_of_samples_are_told_as_one_by_one():
    plain = {name: compare(frames_of(name)) for name in SAMPLES}
    assert min(plain[name] for name in ("http_good", "ipv6", "sip_on_two_vlans")) > 20
    assert compare([]) == 0


FRAMES = [frame for name in SAMPLES for frame in frames_of(name, 60)]
tampered = st.lists(
    st.tuples(
        st.sampled_from(FRAMES),
        st.lists(st.tuples(st.integers(0, HEAD + 12), st.integers(0, 255)), max_size=4),
        st.integers(0, 400) | st.none(),
        st.sampled_from((linktypes.EN10MB, linktypes.RAW, linktypes.LINUX_SLL)) | st.none(),
    ),
    max_size=12,
)


@settings(max_examples=300, deadline=None)
@given(tampered)
def test_frames_that_were_tampered_with_are_told_alike(chosen):
    """Other octets anywhere in the headers, cut short, of another link layer."""
    frames = []
    for frame, changes, size, link_type in chosen:
        data = bytearray(frame.data)
        for at, octet in changes:
            if at < len(data):
                data[at] = octet
        link = frame.link_type if link_type is None else link_type
        frames.append(frame._replace(data=bytes(data[:size]), link_type=link))
    compare(frames)


def test_a_frame_of_too_few_octets_is_not_plain():
    data = frames_of("http_good", 1)[0].data  # a SYN without a payload
    cut = [Frame(0, 1, 0, linktypes.EN10MB, data[:size], 60) for size in range(len(data) + 1)]
    assert HeaderColumns(cut).plain == [False] * len(data) + [True]
