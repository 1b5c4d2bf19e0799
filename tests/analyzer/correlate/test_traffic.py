from analyzer.correlate.traffic import correlate

UE, CSCF, SCF, BM_SC = "10.0.0.2", "10.0.0.3", "10.0.0.4", "10.0.0.5"
MSK = "MSK msg: complete UDP payload (217 octets)"


def test_messages_are_put_in_the_order_of_time(talk, invite, reply):
    late = talk.sip(reply(), CSCF, UE, time=9)
    early = talk.sip(invite(), UE, CSCF, time=3)
    traffic = correlate(talk.messages, 0, 20)
    assert traffic.messages == (early, late)
    assert len(traffic.exchanges) == 1
    assert (traffic.begin, traffic.end) == (0, 20)


def test_every_message_of_a_session_knows_it(talk, invite, reply, vector):
    talk.sip(invite(), UE, CSCF)
    talk.sip(reply(), CSCF, UE)
    msk = talk.mikey(vector(MSK))
    traffic = correlate(talk.messages, 0, 0)
    assert traffic.mikey == (msk,)
    assert {traffic.session_of(message).id for message in talk.messages} == {"ue1"}


def test_what_is_said_to_all_is_nobodys(talk, vector):
    message = talk.mikey(vector("MTK msg: complete UDP payload (96 octets)"), dst="239.1.2.3")
    assert correlate(talk.messages, 0, 0).session_of(message) is None


def test_named_nodes_reach_the_nodes(talk, invite):
    talk.sip(invite(), UE, CSCF)
    assert correlate(talk.messages, 0, 0, {"scf": (CSCF,)}).nodes.role(CSCF) == "scf"
