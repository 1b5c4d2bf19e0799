"""ZN rules on the request: whole stories, agents, failover, and answers that may only be missing from the capture."""

import base64

import pytest

from sample_pcaps import forge_diameter as diameter
from sample_pcaps.casebook import cases
from sample_pcaps.forge_text import Edit
from sample_pcaps.stage import DIAMETER_PORT
from sample_pcaps.story import Story

PASSING = ("ZN-01", "ZN-02", "ZN-08", "ZN-11")
AGENT = "10.6.0.1"
ZN, UA, UB = ("bm_sc", "bsf"), ("ue", "bm_sc"), ("ue", "bsf")


def registered(status="200 OK", **asked):
    story = Story.begun_by_http()
    story.register(zn=asked or None, status=status)
    return story


def replaced(code, value):
    return lambda avps: [(code, value) if avp[0] == code else avp for avp in avps]


def without(*codes):
    return lambda avps: [avp for avp in avps if avp[0] not in codes]


@pytest.mark.parametrize("code", PASSING)
@pytest.mark.parametrize("name", ["http_good", "sip_good", "two_ues", "ipv6"])
def test_passes_on_the_good_stories(sample, verdicts, code, name):
    assert set(verdicts(sample(name), code)) == {"pass"}


@pytest.mark.parametrize("code", [*PASSING, "ZN-03", "ZN-10"])
def test_is_not_there_without_zn(tell, keep, verdicts, code):
    assert verdicts(tell(keep(registered(), UA, UB)), code) == []


class TestForm:
    @pytest.mark.parametrize("code", [diameter.TRANSACTION, diameter.NAF_ID])
    @pytest.mark.parametrize("change", [without, lambda code: replaced(code, b"")], ids=["missing", "empty"])
    def test_needs_both_names(self, tell, verdicts, code, change):
        assert verdicts(tell(registered(bir_avps=change(code))), "ZN-01") == ["fail"]

    def test_is_of_the_application_of_zn(self, tell, verdicts):
        of_zh = Edit(mutate=lambda octets: octets[:8] + (16777221).to_bytes(4, "big") + octets[12:])
        assert verdicts(tell(registered(edits={"bir": of_zh})), "ZN-01") == ["fail"]

    def test_of_a_message_cut_short_is_not_told(self, tell, verdicts):
        def broken(octets):
            at = octets.rindex((277).to_bytes(4, "big"))
            return octets[: at + 5] + b"\0\0\x40" + octets[at + 8 :]

        analysis = tell(registered(edits={"bir": Edit(mutate=broken)}))
        assert verdicts(analysis, "ZN-01") == verdicts(analysis, "ZN-02") == ["inconc"]


class TestNafId:
    def test_without_the_five_octets_is_a_fault(self, tell, verdicts):
        analysis = tell(registered(bir_avps=replaced(diameter.NAF_ID, b"bmsc.home1.net")))
        assert verdicts(analysis, "ZN-02") == ["fail"]
        assert verdicts(analysis, "ZN-03") == []

    def test_may_have_any_ua_id_for_this_rule(self, tell, verdicts):
        analysis = tell(registered(ua_id=bytes.fromhex("0100000002")))
        assert verdicts(analysis, "ZN-02") == ["pass"]
        assert verdicts(analysis, "ZN-03") == ["fail"]

    def test_may_be_written_in_capitals(self, tell, verdicts):
        assert verdicts(tell(registered(naf_fqdn="BMSC.home1.net")), "ZN-02") == ["pass"]

    def test_is_no_fqdn_with_a_nul_inside(self, tell, verdicts):
        naf_id = b"bmsc.home1.net\0\0" + bytes.fromhex("0100000003")
        assert verdicts(tell(registered(bir_avps=replaced(diameter.NAF_ID, naf_id))), "ZN-02") == ["fail"]

    def test_of_another_naf_on_the_same_node_is_left_alone(self, tell, verdicts):
        """Nobody waits for it on Ua, as far as the capture shows."""
        story = registered()
        story.wait(1)
        story.zn(naf_fqdn="xcap.home1.net", ua_id=bytes.fromhex("0100000000"))
        analysis = tell(story)
        assert verdicts(analysis, "ZN-02") == ["pass", "pass"]
        assert verdicts(analysis, "ZN-03") == ["pass"]

    @pytest.mark.parametrize("ua_id", ["0100000001", "0100000003"])
    def test_may_be_that_of_either_specification(self, tell, verdicts, ua_id):
        assert verdicts(tell(registered(ua_id=bytes.fromhex(ua_id))), "ZN-03") == ["pass"]

    def test_inside_tls_is_left_alone(self, tell, verdicts):
        assert verdicts(tell(registered(ua_id=bytes.fromhex("010001002f"))), "ZN-03") == []

    def test_of_an_scf_is_left_to_another_rule(self, sample, verdicts):
        assert verdicts(sample("sip_good"), "ZN-03") == []


class TestRealm:
    @pytest.mark.parametrize("realm", ["bsf.home1.net", "home1.net", "HOME1.net.", "zn.bsf.home1.net"])
    def test_follows_from_the_b_tid_in_many_ways(self, tell, verdicts, realm):
        change = replaced(diameter.DESTINATION_REALM, realm.encode())
        assert verdicts(tell(registered(bir_avps=change)), "ZN-08") == ["pass"]

    def test_of_the_network_and_of_the_public_name_are_one_operator(self, tell, verdicts):
        def change(avps):
            b_tid = b"MTIzNDU2Nzg5MDEyMzQ1Ng==@bsf.mnc001.mcc001.pub.3gppnetwork.org"
            realm = b"ims.mnc001.mcc001.3gppnetwork.org"
            return replaced(diameter.TRANSACTION, b_tid)(replaced(diameter.DESTINATION_REALM, realm)(avps))

        assert verdicts(tell(registered(bir_avps=change)), "ZN-08") == ["pass"]

    @pytest.mark.parametrize("realm", [b"home1.net.example", b"ome1.net", b"home2.net"])
    def test_elsewhere_is_a_fault(self, tell, verdicts, realm):
        assert verdicts(tell(registered(bir_avps=replaced(diameter.DESTINATION_REALM, realm))), "ZN-08") == ["fail"]


class TestAwareness:
    def by_uicc(self, **more):
        story = Story.begun_by_http()
        story.register(user_agent="sample-ue/1.0 3gpp-gba-uicc", **more)
        return story

    def test_is_wanted_where_the_ue_names_uicc_keys(self, tell, verdicts):
        assert verdicts(tell(self.by_uicc(zn={"aware": True})), "ZN-10") == ["pass"]
        assert verdicts(tell(self.by_uicc(zn={"aware": False})), "ZN-10") == ["fail"]

    def test_is_wanted_where_the_mrk_is_that_of_an_mbms_uicc(self, tell, verdicts):
        """TS 33.246 6.1: Ks_ext_NAF itself, where otherwise it is derived once more."""
        story = Story.begun_by_http()
        ext = base64.b64encode(story.ue.last.naf_key(story.naf_fqdn, story.ua_id))
        story.register(password=ext)
        assert verdicts(tell(story), "ZN-10") == ["fail"]

    def test_is_nothing_for_keys_of_the_me(self, sample, verdicts):
        assert verdicts(sample("http_good"), "ZN-10") == []


class TestAnswer:
    def silent(self, **more):
        edits = {"bia": Edit(drop=True)} | more.pop("edits", {})
        return registered(status="504 Gateway Time-out", edits=edits, **more)

    def test_that_never_comes_is_a_fault(self, tell, verdicts):
        story = self.silent()
        story.linger(40)
        assert verdicts(tell(story), "ZN-11") == ["fail"]

    def test_is_not_awaited_beyond_the_capture(self, tell, verdicts):
        story = self.silent()
        story.linger(5)
        assert verdicts(tell(story), "ZN-11") == ["inconc"]

    def test_must_have_come_where_the_naf_goes_on(self, tell, verdicts):
        """The BM-SC accepts the digest: it has the key, and the frame is missing from the capture."""
        story = registered(edits={"bia": Edit(drop=True)})
        story.linger(40)
        assert verdicts(tell(story), "ZN-11") == ["inconc"]

    def test_must_have_come_where_the_scf_sends_the_key_on(self, tell, verdicts):
        story = Story("sip", by_sip=True)
        story.bootstrap()
        story.sip("register", zn={"edits": {"bia": Edit(drop=True)}})
        story.linger(40)
        assert verdicts(tell(story), "ZN-11") == ["inconc"]

    def test_may_not_be_seen_by_a_probe_of_one_direction(self, tell, verdicts):
        story = self.silent()
        story.linger(40)
        bsf, naf = (bytes(map(int, at.split("."))) for at in (story.addresses.bsf, story.addresses.bm_sc))
        story.tape.packets = [(t, packet) for t, packet in story.tape.packets if packet[26:34] != bsf + naf]
        assert verdicts(tell(story), "ZN-11") == ["inconc"]

    def test_comes_once_for_each_time_that_was_asked(self, tell, verdicts):
        twice = {"bir": Edit(repeat=1), "bia": Edit(repeat=1)}
        assert verdicts(tell(registered(edits=twice)), "ZN-11") == ["pass"]

    def test_that_comes_twice_with_other_octets_is_a_fault(self, tell, verdicts):
        story = Story.begun_by_http()
        wire = story.open_zn()
        story.register()
        body = diameter.message(
            [diameter.experimental(5403)], command=310, app=diameter.APP_ZN, request=False, hop_by_hop=0x1001,
            end_to_end=0x1001,
        )  # fmt: skip
        wire.send(body, by_client=False)
        assert verdicts(tell(story), "ZN-11") == ["fail"]

    def test_that_comes_after_a_failover_is_one(self, tell, verdicts):
        """The BM-SC sends the request again over another connection, with the same End-to-End Identifier."""
        story = Story.begun_by_http()
        first = story.open_zn()
        sent = []
        story.zn(edits={"bir": Edit(mutate=lambda octets: sent.append(octets) or octets), "bia": Edit(drop=True)})
        assert first is story.open_zn()
        story.wait(10)
        second = story.connect(story.addresses.bm_sc, story.addresses.bsf, DIAMETER_PORT)
        again = sent[0][:4] + b"\xd0" + sent[0][5:12] + b"\0\0\x77\x77" + sent[0][16:]  # the T flag, another hop
        second.send(again, by_client=True)
        answer = diameter.message(
            [diameter.experimental(5403)], command=310, app=diameter.APP_ZN, request=False, hop_by_hop=0x7777,
            end_to_end=0x1001,
        )  # fmt: skip
        second.send(answer, by_client=False)
        story.linger(40)
        assert verdicts(tell(story), "ZN-11") == ["pass", "pass"]

    def test_through_an_agent_is_looked_at_on_each_leg(self, tell, verdicts):
        """The agent changes the Hop-by-Hop Identifier, and leaves Session-Id and End-to-End Identifier alone."""
        story = Story.begun_by_http()
        seen = []

        def keep_copy(octets):
            seen.append(octets)
            return octets

        story.register(zn={"edits": {"bir": Edit(mutate=keep_copy), "bia": Edit(mutate=keep_copy)}})
        beyond = story.connect(AGENT, story.addresses.bsf, DIAMETER_PORT)
        for octets, by_client in zip(seen, (True, False), strict=True):
            beyond.send(octets[:12] + b"\0\0\x12\x34" + octets[16:], by_client=by_client)
        analysis = tell(story)
        assert verdicts(analysis, "ZN-11") == ["pass", "pass"]
        assert verdicts(analysis, "ZN-02") == ["pass", "pass"]

    def test_seen_beyond_an_agent_only_is_not_missing(self, tell, verdicts):
        story = Story.begun_by_http()
        seen = []
        edits = {
            "bir": Edit(mutate=lambda octets: seen.append(octets) or octets),
            "bia": Edit(mutate=lambda octets: seen.append(octets) or octets),
        }
        story.zn(edits=edits)
        story.tape.packets = [p for p in story.tape.packets if seen[1] not in p[1]]
        beyond = story.connect(AGENT, story.addresses.bsf, DIAMETER_PORT)
        for octets, by_client in zip(seen, (True, False), strict=True):
            beyond.send(octets[:12] + b"\0\0\x12\x34" + octets[16:], by_client=by_client)
        story.linger(40)
        assert sorted(verdicts(tell(story), "ZN-11")) == ["inconc", "pass"]


@pytest.mark.parametrize("name", ["http_good", "sip_good"])
def test_a_story_cut_anywhere_breaks_nothing(tell, failed, name):
    for seconds in (0.05, 0.12, 0.2, 0.3, 0.35, 0.4, 0.45, 0.5, 0.7, 1, 590.1, 590.3):
        story = cases()[name].tell()
        story.cut(seconds)
        if story.tape.packets:
            assert failed(tell(story, keyring=story.keyring(runs=True))) == set(), seconds
