"""What can be dialled, in whose country, and what it costs. The plan is a library's; the rules on it are ours."""

import pytest
from hypothesis import given
from hypothesis import strategies as some

from outdial.domain.numbers import Kind, country_exists, country_of, kind_of, parse_number
from outdial.domain.refusals import EmergencyNumber, InvalidNumber, Refusal


@pytest.mark.parametrize(
    "written",
    ["02072068888", "020 7206 8888", "(020) 7206-8888", "020.7206.8888", "+442072068888", "+44 (0)20 7206 8888"],
)
def test_however_it_is_written_it_is_the_same_number(written: str) -> None:
    assert parse_number(written, "GB") == "+442072068888"


def test_national_numbers_are_those_of_the_home_country() -> None:
    assert parse_number("0612345678", "FR") == "+33612345678"
    assert parse_number("0612345678", "NL") == "+31612345678"


@pytest.mark.parametrize(
    ("written", "country", "e164"), [("201234", "FO", "+298201234"), ("32 10 00", "GL", "+299321000")]
)
def test_in_some_countries_six_digits_are_a_whole_number(written: str, country: str, e164: str) -> None:
    assert parse_number(written, country) == e164


@pytest.mark.parametrize(
    "written",
    [
        "",
        " ",
        "hello",
        "0207",
        "020720688889999",
        "٠٢٠٧٢٠٦٨٨٨٨",
        "02072068888;ext=1",
        "02072068888x5",
        "tel:+442072068888",
        "+",
        "++442072068888",
        "123",
        "100",
        "101",
        "116123",
        "118118",
        "02072068888\n112",
    ],
)
def test_what_is_no_number_is_refused(written: str) -> None:
    with pytest.raises(InvalidNumber, match="number is invalid") as refused:
        parse_number(written, "GB")
    assert refused.value.member == "to.telephoneNumber"


@pytest.mark.parametrize(
    ("written", "country"), [("999", "GB"), ("112", "GB"), ("911", "US"), ("112", "DE"), ("9 9 9", "GB")]
)
def test_emergency_numbers_are_refused_as_such(written: str, country: str) -> None:
    with pytest.raises(EmergencyNumber, match="emergency numbers cannot be called"):
        parse_number(written, country)


@pytest.mark.parametrize(
    ("e164", "country", "kind"),
    [
        ("+442072068888", "GB", Kind.ORDINARY),
        ("+447400123456", "GB", Kind.ORDINARY),
        ("+448081570123", "GB", Kind.ORDINARY),
        ("+449098790000", "GB", Kind.PREMIUM),
        ("+448712345678", "GB", Kind.PREMIUM),
        ("+33612345678", "FR", Kind.ORDINARY),
        ("+881612345678", None, Kind.PREMIUM),
        ("+882345678901", None, Kind.PREMIUM),
    ],
)
def test_country_and_kind(e164: str, country: str | None, kind: Kind) -> None:
    assert (country_of(e164), kind_of(e164)) == (country, kind)


def test_countries_are_those_of_the_plan() -> None:
    assert country_exists("GB")
    assert not country_exists("XX")
    assert not country_exists("gb")


@given(some.text(max_size=40))
def test_any_text_is_a_number_or_a_refusal(text: str) -> None:
    try:
        found = parse_number(text, "GB")
    except Refusal:
        return
    assert found.startswith("+")
    assert found[1:].isascii()
    assert found[1:].isdigit()
    assert parse_number(found, "US") == found
