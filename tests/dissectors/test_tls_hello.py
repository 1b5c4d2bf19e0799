from dissectors.cursor import Cursor, Recorder
from dissectors.tls_hello import Reader
from sample_pcaps import forge_tls as forge


def test_fields_are_named_for_their_protocol():
    octets = forge.client_hello(bytes(32), [0x1301], [forge.server_name("a"), forge.extension(10, b"\0\x02\0\x1d")])
    for protocol in ("tls", "dtls"):
        given = octets if protocol == "tls" else octets[:35] + b"\0" + octets[35:]
        recorder = Recorder(given)
        hello = Reader(recorder, protocol).hello(client=True)
        assert recorder.left == 0
        assert {field.name.partition(".")[0] for field in recorder.fields} == {protocol}
        assert hello == Reader(Cursor(given), protocol).hello(client=True)
        assert (hello.server_names, hello.suites) == (("a",), (0x1301,))


def test_a_hello_without_extensions():
    hello = Reader(Cursor(forge.server_hello(bytes(32), 0x00A8)), "tls").hello(client=False)
    assert (hello.suites, hello.versions, hello.is_retry) == ((0x00A8,), (), False)
