import base64

import pytest

from analyzer.correlate import gba
from analyzer.correlate.exchanges import pair
from sample_pcaps import forge_xml

UE, SCF, BM_SC, BSF = "10.0.0.2", "10.0.0.4", "10.0.0.5", "10.0.0.6"
RAND, AUTN = bytes(range(16)), bytes(range(16, 32))
NONCE = base64.b64encode(RAND + AUTN).decode()
B_TID = f"{base64.b64encode(RAND).decode()}@bsf.home1.net"
IMPI = "user1_private@home1.net"
INFO = f'<BootstrappingInfo xmlns="uri:3gpp-gba"><btid>{B_TID}</btid><lifetime>2026-01-02T00:00:00Z</lifetime></BootstrappingInfo>'


def get(nonce="", response="", extra=""):
    return (
        "GET / HTTP/1.1\nHost: bsf.home1.net\n"
        f'Authorization: Digest username="{IMPI}", realm="bsf.home1.net", nonce="{nonce}", uri="/", response="{response}"{extra}'
    )


def challenge(nonce=NONCE):
    return f'HTTP/1.1 401 Unauthorized\nWWW-Authenticate: Digest realm="bsf.home1.net", nonce="{nonce}", algorithm=AKAv1-MD5, qop="auth-int"'


def bootstrap(talk, port=40000, nonce=NONCE):
    there, back = (port, 80), (80, port)
    talk.http(get(), UE, BSF, ports=there)
    talk.http(challenge(nonce), BSF, UE, ports=back)
    talk.http(get(nonce, "0" * 32), UE, BSF, ports=there)
    talk.http("HTTP/1.1 200 OK\nContent-Type: application/vnd.3gpp.bsf+xml", BSF, UE, INFO, ports=back)


def test_a_whole_run(talk):
    bootstrap(talk)
    (run,) = gba.bootstrappings(pair(talk.messages))
    assert (run.impi, run.rand, run.autn, run.b_tid) == (IMPI, RAND, AUTN, B_TID)
    assert run.info is talk.messages[3]
    assert gba.when(run.lifetime) == "2026-01-02T00:00:00Z"
    assert (run.address, run.server, run.time) == (UE, BSF, talk.messages[0].time)


def test_a_run_that_ends_at_the_challenge(talk):
    talk.http(get(), UE, BSF)
    talk.http(challenge(), BSF, UE, ports=(80, 40000))
    (run,) = gba.bootstrappings(pair(talk.messages))
    assert (run.rand, run.b_tid, run.info) == (RAND, None, None)


def test_two_runs_one_after_the_other(talk):
    bootstrap(talk)
    bootstrap(talk, port=40001)
    assert len(gba.bootstrappings(pair(talk.messages))) == 2


def test_a_run_whose_first_request_is_missing_is_none_of_the_run_long_before(talk):
    other = base64.b64encode(bytes(16) + AUTN).decode()
    talk.http(get(), UE, BSF)
    talk.http(challenge(other), BSF, UE, ports=(80, 40000))
    talk.http(get(NONCE, "0" * 32), UE, BSF, ports=(40001, 80), time=600)
    talk.http("HTTP/1.1 200 OK\nContent-Type: application/vnd.3gpp.bsf+xml", BSF, UE, INFO, (80, 40001), time=601)
    first, second = gba.bootstrappings(pair(talk.messages))
    assert (first.b_tid, second.b_tid) == (None, B_TID)
    assert second.time == 600 * 10**9


def test_resynchronisation_takes_the_last_challenge(talk):
    other = bytes(16) + AUTN
    talk.http(get(), UE, BSF)
    talk.http(challenge(base64.b64encode(other).decode()), BSF, UE, ports=(80, 40000))
    talk.http(get("x", extra=', auts="AAAAAAAAAAAAAAAAAAA="'), UE, BSF)
    talk.http(challenge(), BSF, UE, ports=(80, 40000))
    talk.http(get(NONCE, "0" * 32), UE, BSF)
    talk.http("HTTP/1.1 200 OK\nContent-Type: application/vnd.3gpp.bsf+xml", BSF, UE, INFO, ports=(80, 40000))
    (run,) = gba.bootstrappings(pair(talk.messages))
    assert run.rand == RAND
    assert len(run.exchanges) == 3


def test_a_key_management_post_is_no_ub(talk):
    post = 'POST /keymanagement?requesttype=register HTTP/1.1\nHost: b\nAuthorization: Digest username="x", auts="y"'
    talk.http(post, UE, BM_SC)
    talk.http("GET /news HTTP/1.1\nHost: www.home1.net", UE, BM_SC, ports=(40001, 80))
    assert gba.bootstrappings(pair(talk.messages)) == ()


def digest_run(talk, realm="ims.home1.net"):
    """A run of GBA_Digest (TS 33.220 M.6.3): MD5, and a nonce that is long enough for RAND and AUTN."""

    def get(nonce, response):
        return (
            "GET / HTTP/1.1\nHost: bsf.home1.net\nUser-Agent: ue 3gpp-gba-digest\n"
            f'Authorization: Digest username="{IMPI}", realm="{realm}", nonce="{nonce}", uri="/", response="{response}"'
        )

    talk.http(get("", ""), UE, BSF)
    challenge = f'WWW-Authenticate: Digest realm="{realm}", nonce="{NONCE}", algorithm=MD5, qop="auth-int"'
    talk.http(f"HTTP/1.1 401 Unauthorized\n{challenge}", BSF, UE, ports=(80, 40000))
    talk.http(get(NONCE, "0" * 32), UE, BSF)
    talk.http("HTTP/1.1 200 OK\nContent-Type: application/vnd.3gpp.bsf+xml", BSF, UE, INFO, ports=(80, 40000))


def test_a_run_of_gba_digest_has_no_aka(talk):
    digest_run(talk)
    (run,) = gba.bootstrappings(pair(talk.messages))
    assert (run.of_digest, len(run.exchanges), run.impi, run.b_tid) == (True, 2, IMPI, B_TID)
    assert (run.rand, run.autn, run.server_data) == (None, None, b"")


def test_a_run_of_aka_is_none_of_gba_digest(talk):
    bootstrap(talk)
    (run,) = gba.bootstrappings(pair(talk.messages))
    assert not run.of_digest


@pytest.mark.parametrize(
    "given",
    [
        f'Digest username="{B_TID}", realm="3GPP-bootstrapping-digest@bmsc.home1.net", nonce="n", response="r"',
        "Bearer abc",
        'Digest nonce="n"',
    ],
)
def test_the_token_of_gba_digest_elsewhere_makes_no_ub(talk, given):
    head = "GET /news HTTP/1.1\nHost: bmsc.home1.net\nUser-Agent: ue 3gpp-gba-digest"
    talk.http(f"{head}\nAuthorization: {given}", UE, BM_SC)
    assert gba.bootstrappings(pair(talk.messages)) == ()


@pytest.mark.parametrize("nonce", [None, "", "!", base64.b64encode(bytes(31)).decode()])
def test_what_is_no_aka_nonce(nonce):
    assert gba.nonce_vector(nonce) is None


def test_nonce_with_server_data():
    assert gba.nonce_vector(base64.b64encode(RAND + AUTN + b"data").decode()) == (RAND, AUTN)


def test_keys_on_zn(talk, zn):
    naf_id = b"bmsc.home1.net" + bytes.fromhex("0100000003")
    talk.diameter(zn(True, b_tid=B_TID.encode(), naf_id=naf_id), BM_SC, BSF, (1, 3868))
    talk.diameter(
        zn(False, user=IMPI.encode(), me_key=b"m" * 32, uicc_key=b"u" * 32, expiry=(2208988800 + 60).to_bytes(4, "big")),
        BSF, BM_SC, (3868, 1),
    )  # fmt: skip
    (keys,) = gba.naf_keys(pair(talk.messages))
    assert (keys.b_tid, keys.impi, keys.naf_fqdn, keys.ua_id) == (
        B_TID,
        IMPI,
        "bmsc.home1.net",
        bytes.fromhex("0100000003"),
    )
    assert (keys.me_key, keys.uicc_key, keys.muk, keys.expires) == (b"m" * 32, b"u" * 32, None, 60 * 10**9)
    assert "mmmm" not in repr(keys)


def test_zn_without_keys_or_answer(talk, zn):
    talk.diameter(zn(True, 1, b_tid=b"x@y"), BM_SC, BSF, (1, 3868))
    talk.diameter(zn(True, 2, b_tid=b"x@y"), BM_SC, BSF, (1, 3868))
    talk.diameter(zn(False, 2, result=b"\0\0\x14\x94"), BSF, BM_SC, (3868, 1))
    assert gba.naf_keys(pair(talk.messages)) == ()


def test_keys_in_a_post(talk):
    muk = base64.b64encode(b"k" * 32).decode()
    xml = (
        '<mbmsAuthorizedSecurityRegister xmlns="urn:3GPP:metadata:2005:MBMS:nafKeyInfo"><ueIPaddress>10.0.0.2</ueIPaddress>'
        f"<muk>{muk}</muk><mukLifeTime>2026-01-02T00:00:00Z</mukLifeTime><btid>{B_TID}</btid>"
        f"<nafFqdn>{base64.b64encode(b'scf1.home1.net').decode()}</nafFqdn></mbmsAuthorizedSecurityRegister>"
    )
    post = "POST /keymanagement?requesttype=sip-based-register HTTP/1.1\nHost: b\nContent-Type: application/xml"
    talk.http(post, SCF, BM_SC, xml)
    (keys,) = gba.naf_keys(pair(talk.messages))
    assert (keys.b_tid, keys.naf_fqdn, keys.muk) == (B_TID, "scf1.home1.net", b"k" * 32)
    assert gba.when(keys.expires) == "2026-01-02T00:00:00Z"


def test_when():
    assert gba.when(None) == "an unknown time"


def test_keys_of_the_web_service(talk):
    ua_id, key = bytes.fromhex("0100000003"), bytes(range(32))
    asked = forge_xml.zn_request("b-tid@bsf.home1.net", b"bmsc.home1.net" + ua_id, "4").decode()
    answer = forge_xml.zn_answer("user1@home1.net", key, "2026-01-01T00:00:00Z").decode()
    talk.http("POST /gba HTTP/1.1\nHost: bsf\nContent-Type: text/xml; charset=utf-8", "10.0.0.5", "10.0.0.6", asked)
    talk.http("HTTP/1.1 200 OK\nContent-Type: application/soap+xml", "10.0.0.6", "10.0.0.5", answer, ports=(80, 40000))
    (told,) = gba.naf_keys(pair(talk.messages))
    assert (told.b_tid, told.impi, told.naf_fqdn, told.ua_id) == (
        "b-tid@bsf.home1.net", "user1@home1.net", "bmsc.home1.net", ua_id,
    )  # fmt: skip
    assert (told.me_key, told.uicc_key, told.type) == (key, None, 0)
    assert gba.when(told.expires) == "2026-01-01T00:00:00Z"
    assert key.hex() not in repr(told)
    refused = talk.messages[:1]
    talk.messages = refused
    fault = forge_xml.zn_fault("5403", "unknown").decode()
    talk.http("HTTP/1.1 500 No\nContent-Type: text/xml", "10.0.0.6", "10.0.0.5", fault, ports=(80, 40000))
    assert gba.naf_keys(pair(talk.messages)) == ()
