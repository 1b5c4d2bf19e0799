import pytest

from analyzer.capture import linktypes


@pytest.mark.parametrize(
    ("number", "name"),
    [(1, "EN10MB"), (113, "LINUX_SLL"), (276, "LINUX_SLL2"), (101, "RAW"), (0, "NULL"), (9999, "DLT_9999")],
)
def test_names_are_those_of_tcpdump(number: int, name: str) -> None:
    assert linktypes.name(number) == name
