"""The timeline as values of JSON."""

from __future__ import annotations

import json

import pytest

from analyzer.diagnosis.timeline import timelines
from analyzer.views import timeline_json


def told(analysis):
    values = timeline_json.values(timelines(analysis.story, analysis.report.diagnoses))
    return json.loads(json.dumps(values))


def test_a_refresh_is_told_whole(sample):
    (ue,) = told(sample("sip_good"))
    assert ue["ue"] == "ue1"
    assert [one["expires"] - one["time"] > 500 for one in ue["bootstrappings"]] == [True, True]
    assert len(ue["muks"]) == 2
    (group,) = ue["key_groups"]
    assert (group["key_domain"], group["key_group"]) == ("00f110", "0001")
    assert [one["why"] for one in group["requests"]][:3] == ["registration", "of its own accord", "solicited pull"]
    assert [one["invalidates"] for one in group["msks"]][-2:] == [True, True]
    assert all(one["fingerprint"] for one in group["mtks"])
    assert {one["destination"] for one in group["on_air"]} == {"239.1.2.3:5000"}
    assert group["could_not_decrypt"] == {"seconds": 0, "packets": 0, "exact": True}


def test_a_gap_has_its_seconds_packets_and_who_is_at_fault(sample):
    (ue,) = told(sample("packets_with_a_wrong_tag"))
    (gap,) = ue["key_groups"][0]["gaps"]
    assert (gap["packets"], gap["exact"], gap["fault"]) == (2, True, "BM-SC")
    assert gap["evidence"][0]["frame"] > 0
    assert gap["seconds"] == pytest.approx(gap["end"] - gap["begin"], abs=1e-6)


def test_an_address_of_ipv6_stands_in_brackets(sample):
    (ue,) = told(sample("ipv6"))
    assert ue["key_groups"][0]["on_air"][0]["destination"] == "[ff0e::1:2:3]:5000"
