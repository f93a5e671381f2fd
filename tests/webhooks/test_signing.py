"""Signatures, verified by the library's own verifier, by hand, and by another JWT library."""

import base64
import hashlib
import hmac
import time

import jwt
import pytest
from standardwebhooks import Webhook as Verifier
from standardwebhooks import WebhookVerificationError

from outdial.domain.webhooks import SignatureForm, Webhook, secret_of
from outdial.webhooks.signing import key_id, signed

BODY = '{"type":"call.ended.v1","data":{"detail":"Grüße – 終"}}'
OLD, NEW, OTHER = (secret_of(bytes([number]) * 32) for number in range(3))


def webhook(form: SignatureForm = SignatureForm.STANDARD, *, until: int | None = None) -> Webhook:
    return Webhook("acc", "w1", "https://example.com", NEW, form=form, previous_secret=OLD, previous_until=until)


def now() -> int:
    return time.time_ns() // 1_000_000


def test_the_librarys_own_verifier_takes_it() -> None:
    headers = signed(webhook(), "event-1", BODY, now())
    assert Verifier(NEW).verify(BODY, headers)["type"] == "call.ended.v1"
    assert headers["webhook-id"] == "event-1"


def test_it_is_the_signature_of_the_standard_to_the_letter() -> None:
    headers = signed(webhook(), "event-1", BODY, 1_795_550_400_999)
    content = f"event-1.1795550400.{BODY}".encode()
    expected = hmac.digest(base64.b64decode(NEW.removeprefix("whsec_")), content, "sha256")
    assert headers["webhook-timestamp"] == "1795550400"
    assert headers["webhook-signature"] == f"v1,{base64.b64encode(expected).decode()}"


@pytest.mark.parametrize("change", ["body", "id", "time", "secret"])
def test_whatever_is_changed_shows(change: str) -> None:
    headers = signed(webhook(), "event-1", BODY, now())
    if change == "id":
        headers["webhook-id"] = "event-2"
    if change == "time":
        headers["webhook-timestamp"] = str(int(headers["webhook-timestamp"]) + 1)
    with pytest.raises(WebhookVerificationError):
        Verifier(OTHER if change == "secret" else NEW).verify(BODY + " " * (change == "body"), headers)


def test_during_an_overlap_either_secret_verifies_and_afterwards_the_new_one_only() -> None:
    at = now()
    during = signed(webhook(until=at + 1), "e", BODY, at)
    Verifier(OLD).verify(BODY, during)
    Verifier(NEW).verify(BODY, during)
    after = signed(webhook(until=at), "e", BODY, at)
    Verifier(NEW).verify(BODY, after)
    with pytest.raises(WebhookVerificationError):
        Verifier(OLD).verify(BODY, after)


def token_of(headers: dict[str, str]) -> str:
    word, token = headers["Vonage-Signature"].split(" ")
    assert word == "Bearer"
    return token


def test_the_other_form_is_a_jwt_over_the_bodys_hash() -> None:
    headers = signed(webhook(SignatureForm.VONAGE), "event-1", BODY, now())
    claims = jwt.decode(token_of(headers), NEW, algorithms=["HS256"], options={"require": ["exp", "iat", "jti"]})
    assert claims["payload_hash"] == hashlib.sha256(BODY.encode()).hexdigest()
    assert claims["exp"] - claims["iat"] == 300
    assert (headers["webhook-id"], "webhook-signature" in headers) == ("event-1", False)
    with pytest.raises(jwt.InvalidSignatureError):
        jwt.decode(token_of(headers), OTHER, algorithms=["HS256"])


def test_a_token_is_good_for_five_minutes() -> None:
    old = token_of(signed(webhook(SignatureForm.VONAGE), "e", BODY, now() - 301_000))
    with pytest.raises(jwt.ExpiredSignatureError):
        jwt.decode(old, NEW, algorithms=["HS256"])


def test_the_one_token_is_signed_with_the_old_secret_until_its_overlap_ends_and_says_so() -> None:
    at = now()
    during = token_of(signed(webhook(SignatureForm.VONAGE, until=at + 1), "e", BODY, at))
    after = token_of(signed(webhook(SignatureForm.VONAGE, until=at), "e", BODY, at))
    for token, secret in ((during, OLD), (after, NEW)):
        jwt.decode(token, secret, algorithms=["HS256"])
        assert jwt.get_unverified_header(token)["kid"] == key_id(secret)
