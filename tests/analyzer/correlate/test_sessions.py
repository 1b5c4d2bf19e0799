import base64

from analyzer.correlate.traffic import correlate

UE, UE2, CSCF, SCF, BM_SC, BSF = "10.0.0.2", "10.0.0.22", "10.0.0.3", "10.0.0.4", "10.0.0.5", "10.0.0.6"
NAT = "192.0.2.1"


def b_tid(number):
    return f"{base64.b64encode(bytes([number]) * 16).decode()}@bsf.home1.net"


def ub(talk, number, src, port=None):
    """A bootstrapping run of user `number`."""
    port = port or 40000 + number
    nonce = base64.b64encode(bytes([number]) * 32).decode()
    ask = 'GET / HTTP/1.1\nHost: bsf\nAuthorization: Digest username="user{0}_private@home1.net", realm="bsf", nonce="{1}", response="{2}", uri="/"'
    talk.http(ask.format(number, "", ""), src, BSF, ports=(port, 80))
    talk.http(
        f'HTTP/1.1 401 No\nWWW-Authenticate: Digest realm="bsf", nonce="{nonce}", algorithm=AKAv1-MD5',
        BSF,
        src,
        ports=(80, port),
    )
    talk.http(ask.format(number, nonce, "0" * 32), src, BSF, ports=(port, 80))
    xml = f'<BootstrappingInfo xmlns="uri:3gpp-gba"><btid>{b_tid(number)}</btid><lifetime>2026-01-02T00:00:00Z</lifetime></BootstrappingInfo>'
    talk.http("HTTP/1.1 200 OK\nContent-Type: application/vnd.3gpp.bsf+xml", BSF, src, xml, ports=(80, port))


def register(talk, number, src, identity="", port=None):
    """A registration of user `number`: B-TID as user name, and an IMPU where one is given."""
    header = f'\nX-3GPP-Intended-Identity: "{identity}"' if identity else ""
    talk.http(
        "POST /keymanagement?requesttype=register HTTP/1.1\nHost: bmsc.home1.net\n"
        f'Authorization: Digest username="{b_tid(number)}", realm="3GPP-bootstrapping@bmsc.home1.net"{header}',
        src, BM_SC, ports=(port or 41000 + number, 80),
    )  # fmt: skip


def sessions(talk):
    return correlate(talk.messages, 0, 0).sessions


def test_nothing():
    assert correlate((), 0, 0).sessions == ()


def test_identities_tie_ub_ua_and_sip(talk, invite):
    ub(talk, 1, UE)
    talk.sip(invite(extra=("P-Preferred-Identity: <sip:user1@home1.net>",)), UE, CSCF)
    register(talk, 1, UE, "sip:user1@home1.net")
    (session,) = sessions(talk)
    assert session.id == "ue1"
    assert session.impi == ("user1_private@home1.net",)
    assert session.impu == ("sip:user1@home1.net",)
    assert session.b_tid == (b_tid(1),)
    assert session.addresses == (UE,)
    assert len(session.exchanges) == 4


def test_an_identity_with_its_host_in_other_letters_is_the_same(talk, invite):
    ub(talk, 1, UE)
    talk.sip(invite(extra=("P-Preferred-Identity: <SIP:user1@Home1.NET>",)), UE, CSCF)
    register(talk, 1, UE, "sip:user1@HOME1.net")
    (session,) = sessions(talk)
    assert session.impu == ("sip:user1@home1.net",)
    assert len(session.exchanges) == 4


def test_two_ues(talk):
    for number, address in ((1, UE), (2, UE2)):
        ub(talk, number, address)
        register(talk, number, address, f"sip:user{number}@home1.net")
    assert [(s.id, s.impi, s.addresses) for s in sessions(talk)] == [
        ("ue1", ("user1_private@home1.net",), (UE,)),
        ("ue2", ("user2_private@home1.net",), (UE2,)),
    ]


def test_twenty_ues_behind_one_address_stay_twenty(talk):
    for number in range(1, 21):
        ub(talk, number, NAT)
    for number in range(1, 21):
        register(talk, number, NAT, f"sip:user{number}@home1.net")
    found = sessions(talk)
    assert len(found) == 20
    assert all(len(s.impi) == len(s.impu) == len(s.b_tid) == 1 for s in found)


def test_a_later_bootstrapping_of_the_same_user_is_the_same_ue(talk):
    ub(talk, 1, UE)
    first = talk.messages[0]
    ask = 'GET / HTTP/1.1\nHost: bsf\nAuthorization: Digest username="user1_private@home1.net", nonce="", uri="/"'
    talk.http(ask, UE2, BSF, ports=(50000, 80))
    nonce = base64.b64encode(bytes([9]) * 32).decode()
    talk.http(
        f'HTTP/1.1 401 No\nWWW-Authenticate: Digest nonce="{nonce}", algorithm=AKAv1-MD5', BSF, UE2, ports=(80, 50000)
    )
    (session,) = sessions(talk)
    assert session.addresses == (UE, UE2)
    assert session.first == first.time


def test_contradicting_identities_split(talk):
    """The B-TID of user 1 with the IMPU of user 2: two subscribers never become one UE."""
    ub(talk, 1, UE)
    register(talk, 1, UE, "sip:user1@home1.net")
    ub(talk, 2, UE2)
    register(talk, 2, UE2, "sip:user2@home1.net")
    register(talk, 1, UE, "sip:user2@home1.net", port=45000)
    assert [s.impi for s in sessions(talk)] == [("user1_private@home1.net",), ("user2_private@home1.net",)]


def test_an_answer_that_names_another_user_makes_no_second_subscriber_of_a_ue(talk, zn):
    """Zn says that the B-TID of user 1 is user 7's: the message stays with its B-TID, the name does not."""
    ub(talk, 1, UE)
    talk.diameter(zn(True, b_tid=b_tid(1).encode()), BM_SC, BSF, (1, 3868))
    talk.diameter(zn(False, user=b"user7_private@home1.net"), BSF, BM_SC, (3868, 1))
    (session,) = sessions(talk)
    assert session.impi == ("user1_private@home1.net",)
    assert [exchange.protocol for exchange in session.exchanges] == ["http", "http", "diameter"]


def test_an_answer_that_names_another_user_of_the_capture_merges_nobody(talk, zn):
    ub(talk, 1, UE)
    ub(talk, 2, UE2)
    talk.diameter(zn(True, b_tid=b_tid(1).encode()), BM_SC, BSF, (1, 3868))
    talk.diameter(zn(False, user=b"user2_private@home1.net"), BSF, BM_SC, (3868, 1))
    assert [(s.impi, s.b_tid) for s in sessions(talk)] == [
        ((f"user{number}_private@home1.net",), (b_tid(number),)) for number in (1, 2)
    ]


def test_an_address_completes_what_no_identity_ties(talk, invite):
    """Ub shows the IMPI, the INVITE the IMPU; nothing but the address says that they are one."""
    ub(talk, 1, UE)
    talk.sip(invite(), UE, CSCF)
    (session,) = sessions(talk)
    assert (session.impi, session.impu) == (("user1_private@home1.net",), ("sip:user1@home1.net",))


def test_an_address_ties_a_registration_under_another_impu(talk, invite):
    ub(talk, 1, UE)
    talk.sip(invite(extra=("P-Preferred-Identity: <sip:user1@home1.net>",)), UE, CSCF)
    register(talk, 1, UE, "sip:user7@home1.net")
    (session,) = sessions(talk)
    assert session.impi == ("user1_private@home1.net",)
    assert session.impu == ("sip:user1@home1.net", "sip:user7@home1.net")


def test_an_address_ties_no_second_caller(talk, invite):
    """Two INVITEs of two users from one address: whose the key management is, nobody can tell."""
    ub(talk, 1, NAT)
    register(talk, 1, NAT, "sip:user7@home1.net")
    for number in (1, 2):
        preferred = f"P-Preferred-Identity: <sip:user{number}@home1.net>"
        talk.sip(invite(call_id=f"call{number}", vias=(f"z9hG4bK{number}",), extra=(preferred,)), NAT, CSCF)
    assert len(sessions(talk)) == 3


def test_mikey_goes_by_b_tid_not_by_destination(talk, vector):
    """An MSK message to a wrong address is still for the UE whose B-TID it names."""
    talk.mikey(vector("MSK msg: complete UDP payload (217 octets)"), dst="10.9.9.9")
    (session,) = sessions(talk)
    assert session.b_tid == ("I1U8vpY3qJ0hiuZNrke/NQ==@bsf.home1.net",)
    assert session.loose == tuple(talk.messages)
    assert session.addresses == ("10.9.9.9",)  # nothing better is known


def test_the_post_of_the_scf_names_the_ue(talk):
    xml = (
        '<mbmsAuthorizedSecurityRegister xmlns="urn:3GPP:metadata:2005:MBMS:nafKeyInfo"><ueIPaddress>10.0.0.2</ueIPaddress>'
        f"<muk>{base64.b64encode(bytes(32)).decode()}</muk><mukLifeTime>2026-01-02T00:00:00Z</mukLifeTime>"
        f"<btid>{b_tid(1)}</btid><nafFqdn>scf1.home1.net</nafFqdn></mbmsAuthorizedSecurityRegister>"
    )
    talk.http(
        'POST /keymanagement?requesttype=sip-based-register HTTP/1.1\nHost: b\nX-3GPP-Asserted-Identity: "sip:user1@home1.net", "tel:+1"\n'
        "Content-Type: application/xml",
        SCF, BM_SC, xml,
    )  # fmt: skip
    (session,) = sessions(talk)
    assert (session.impu, session.b_tid, session.addresses) == (("sip:user1@home1.net", "tel:+1"), (b_tid(1),), (UE,))


def test_zn_ties_b_tid_and_impi(talk, zn):
    register(talk, 1, UE)
    talk.diameter(zn(True, b_tid=b_tid(1).encode()), BM_SC, BSF, (1, 3868))
    talk.diameter(zn(False, user=b"user1_private@home1.net"), BSF, BM_SC, (3868, 1))
    (session,) = sessions(talk)
    assert session.impi == ("user1_private@home1.net",)


def test_a_tmpi_is_no_impi(talk, zn):
    talk.diameter(zn(True, b_tid=b_tid(1).encode()), BM_SC, BSF, (1, 3868))
    talk.diameter(zn(False, user=b"abc@tmpi.bsf.home1.net"), BSF, BM_SC, (3868, 1))
    (session,) = sessions(talk)
    assert session.impi == ()


def test_ims_registration_ties_impi_and_impu(talk, invite):
    authorization = (
        'Authorization: Digest username="user1_private@home1.net", realm="home1.net", nonce="", uri="sip:home1.net"'
    )
    text = invite(method="REGISTER", extra=(authorization,)).replace(
        "To: <sip:service1@home1.net>", "To: <sip:user1@home1.net>"
    )
    talk.sip(text, UE, CSCF)
    (session,) = sessions(talk)
    assert (session.impi, session.impu) == (("user1_private@home1.net",), ("sip:user1@home1.net",))
    assert session.addresses == (UE,)


def test_a_dialog_without_names_is_no_ue(talk, invite):
    talk.sip(invite(method="MESSAGE", vias=("z9hG4bKb", "z9hG4bKa")), CSCF, SCF)
    assert sessions(talk) == ()
