"""What a webhook may be: its URL, its secret, and when a delivery is tried again."""

import base64
from dataclasses import replace

import pytest

from outdial.domain import deliveries as rule
from outdial.domain.webhooks import (
    SignatureForm,
    UnusableSecret,
    UnusableUrl,
    Webhook,
    check_secret,
    check_url,
    secret_of,
)

HOME = ("127.0.0.0/8",)


@pytest.mark.parametrize(
    "url",
    [
        "https://example.com/hook",
        "https://example.com:8443/a?b=c",
        "https://8.8.8.8/",
        "https://1.example.com",
        "https://face.b00c/",
        "https://[2606:4700::1111]/",
    ],
)
def test_a_public_https_address_is_taken(url: str) -> None:
    check_url(url, ())


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("http://example.com/", "must begin with https"),
        ("ftp://example.com/", "must begin with https"),
        ("https://", "must begin with https"),
        ("example.com", "must begin with https"),
        ("https://user:secret@example.com/", "a user, a password"),
        ("https://example.com/#here", "fragment"),
        ("https://example.com/a b", "without blanks"),
        ("https://exämple.com/", "ASCII"),
        ("https://example.com/" + "a" * 2000, "at most 2000"),
        ("https://example.com:99999/", "no URL"),
        ("https://127.0.0.1/", "loopback"),
        ("https://[::ffff:127.0.0.1]/", "in disguise"),
        ("https://[fe80::1%25eth0]/", "link-local"),
        ("https://169.254.169.254/latest", "link-local"),
        ("https://2130706433/", "no address"),
        ("https://0177.0.0.1/", "no address"),
        ("https://127.1/", "no address"),
        ("https://0x7f.1/", "no address"),
        ("https://0x7f000001/", "no address"),
        ("https://127.0.0.1./", "no address"),
    ],
)
def test_what_can_not_be_used_is_said(url: str, why: str) -> None:
    with pytest.raises(UnusableUrl, match=why):
        check_url(url, ())


def test_plain_http_and_private_addresses_are_for_accounts_that_may_use_them() -> None:
    check_url("http://127.0.0.1:8000/", HOME)
    with pytest.raises(UnusableUrl, match=r"10\.0\.0\.1 is private"):
        check_url("http://10.0.0.1/", HOME)


def test_a_secret_of_ones_own_must_be_strong_and_in_form() -> None:
    ours = secret_of(bytes(range(32)))
    for form in SignatureForm:
        check_secret(ours, form)
    check_secret("x" * 32, SignatureForm.VONAGE)
    short = "whsec_" + base64.b64encode(b"short").decode()
    for secret in ("x" * 32, short, ours.removeprefix("whsec_"), "whsec_!!!!", ""):
        with pytest.raises(UnusableSecret):
            check_secret(secret, SignatureForm.STANDARD)
    for secret in ("short", "x" * 201, "a b" * 20):
        with pytest.raises(UnusableSecret):
            check_secret(secret, SignatureForm.VONAGE)


def test_the_old_secret_is_good_until_its_overlap_ends_and_neither_is_shown() -> None:
    webhook = Webhook("acc", "w", "https://example.com", "new", previous_secret="old", previous_until=1_000)
    assert webhook.secrets_at(999) == ("new", "old")
    assert webhook.secrets_at(1_000) == ("new",)
    assert replace(webhook, previous_secret=None).secrets_at(0) == ("new",)
    assert "old" not in repr(webhook)
    assert "'new'" not in repr(webhook)


def test_pauses_grow_and_fill_a_day() -> None:
    pauses = [rule.pause_after(number, 0.5) for number in range(1, 20)]
    assert pauses == sorted(pauses)
    assert pauses[0] == 5_000
    tried, waited = 1, 0
    while waited + pauses[tried - 1] <= rule.GIVE_UP_AFTER:
        waited += pauses[tried - 1]
        tried += 1
    assert 10 < tried < 20
    assert waited > rule.GIVE_UP_AFTER - 5 * rule.HOUR


def test_pauses_are_spread_by_a_fifth_either_way() -> None:
    assert [rule.pause_after(1, chance) for chance in (0.0, 0.5, 1.0)] == [4_000, 5_000, 6_000]


def test_a_receiver_rests_only_after_several_failures_and_never_for_long() -> None:
    assert [rule.rest_after(number, 0.5) for number in (0, 4)] == [0, 0]
    rests = [rule.rest_after(number, 0.5) for number in range(5, 40)]
    assert rests == sorted(rests)
    assert rests[-1] == rule.LONGEST_REST


def test_a_receiver_is_hopeless_after_five_days_without_a_success() -> None:
    day = 24 * rule.HOUR
    assert rule.is_hopeless(10, 0, 5 * day)
    assert not rule.is_hopeless(10, 0, 5 * day - 1)
    assert not rule.is_hopeless(9, 0, 50 * day)
    assert not rule.is_hopeless(10, None, 50 * day)
