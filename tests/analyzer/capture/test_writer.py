"""What is written is read again as it was."""

from io import BytesIO

from hypothesis import given, settings
from hypothesis import strategies as st

from analyzer.capture.frame import CaptureFacts, Frame, InterfaceFacts
from analyzer.capture.reader import open_capture
from analyzer.capture.writer import PcapngWriter

FRAMES = st.builds(
    Frame, st.just(0), st.just(0), st.integers(0, 2**62), st.sampled_from([1, 101]), st.binary(max_size=70),
    st.just(0), st.integers(0, 2),
)  # fmt: skip


@settings(max_examples=50, deadline=None)
@given(frames=st.lists(FRAMES, max_size=8), comments=st.lists(st.text("abc ü", min_size=1, max_size=9), max_size=2))
def test_frames_come_back(tmp_path_factory, frames, comments):
    stream = BytesIO()
    writer = PcapngWriter(stream, "test")
    for frame in frames:
        writer.write(frame._replace(length=len(frame.data) + 3), CaptureFacts("x"), comments)
    path = tmp_path_factory.mktemp("w") / "x.pcapng"
    path.write_bytes(stream.getvalue())
    capture = open_capture(str(path), 0)
    found = list(capture)
    assert [(f.time, f.link_type, f.data, f.length) for f in found] == [
        (f.time, f.link_type, f.data, len(f.data) + 3) for f in frames
    ]
    said = "\n".join(text.strip() for text in comments if text.strip())
    assert all(capture.facts.frame_comments.get(f.number, "") == said for f in found)
    assert not capture.facts.problems


def test_interfaces_and_comments_stay():
    facts = CaptureFacts("x", interfaces=[InterfaceFacts("EN10MB", "lan"), InterfaceFacts("RAW", "tun")])
    facts.frame_comments[2] = "seen"
    stream = BytesIO()
    writer = PcapngWriter(stream, "test")
    for number, interface, link_type in ((1, 0, 1), (2, 1, 101), (3, 0, 1)):
        writer.write(Frame(0, number, 5, link_type, b"abc", 3, interface), facts)
    written = stream.getvalue()
    assert written.count(b"lan") == written.count(b"tun") == written.count(b"seen") == 1
