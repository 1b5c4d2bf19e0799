"""Where messages were seen again, by the frame that they are told by."""

from dataclasses import replace

from analyzer.views.legs import frames, seen


def test_frames_of_a_step(case, twice):
    first, other = case.ues[0].procedures[0].steps
    legs = seen(replace(case, sightings=twice))
    assert frames(first, legs, False) == ("3", "4", "8")
    assert frames(first, legs, True) == ("[0]3", "[0]4", "[1]8")
    assert frames(other, legs, False) == ("5",)
    assert frames(first, seen(case), False) == ("3",)
