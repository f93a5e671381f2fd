"""Tokens: whatever is answered instead of one is told, holds nothing up for ever, and leads us nowhere."""

import json

import jwt
import pytest

from outdial.calls.crm import TaskState
from outdial.crm.exchange import LONGEST_WORDS, plain
from outdial.crm.tokens import ASSERTION_SECONDS, NoToken, assertion
from outdial.domain.crm import Flow, Salesforce
from support.receivers import receiver, status
from support.salesforce import AUDIENCE, CLIENT_ID, USER, Org, answers, key_pair
from support.telling import Telling, org_of

NOW = 1_795_550_400_123


def org(key: str) -> Salesforce:
    return Salesforce("https://example.my.salesforce.com", CLIENT_ID, key, Flow.JWT_BEARER, USER, AUDIENCE)


def test_an_assertion_says_who_asks_for_whom_and_is_good_for_three_minutes() -> None:
    private, public = key_pair()
    made = assertion(org(private), NOW)
    assert jwt.get_unverified_header(made)["alg"] == "RS256"
    claims = jwt.decode(made, public, algorithms=["RS256"], audience=AUDIENCE, options={"verify_exp": False})
    assert claims == {"iss": CLIENT_ID, "sub": USER, "aud": AUDIENCE, "exp": NOW // 1000 + ASSERTION_SECONDS}


def test_a_key_that_is_none_is_said() -> None:
    with pytest.raises(NoToken, match="the private key can't be used; set it again"):
        assertion(org("no key"), NOW)


@pytest.mark.parametrize(
    ("answered", "body", "said"),
    [
        (200, "<html>", "no access token: the answer holds none"),
        (200, "[]", "no access token: the answer holds none"),
        (
            200,
            '{"access_token": "", "instance_url": "https://x.example.com"}',
            "no access token: the answer holds none",
        ),
        (200, '{"access_token": "t", "instance_url": 7}', "no access token: the answer holds none"),
        (302, "", "no access token: answered 302"),
        (400, '{"error": "invalid_grant"}', "no access token: invalid_grant"),
        (500, "[", "no access token: answered 500"),
    ],
)
async def test_an_answer_without_a_token_is_told(telling: Telling, answered: int, body: str, said: str) -> None:
    async with receiver(status(answered, body=body)) as there, telling.working():
        await telling.connect(Salesforce(f"http://127.0.0.1:{there.port}", "key", "secret"))
        await telling.call("c1")
        entry = await telling.until_tried("c1", 2)
    assert (entry.state, entry.error) == (TaskState.WAITING, said)


async def test_nothing_that_a_database_can_not_bear_is_kept_of_an_answer(telling: Telling, org: Org) -> None:
    org.tricks.append(answers(400, "BAD\x00\ud800\nCODE", "y\u202e" * 10_000))
    await telling.connect(org_of(org))
    async with telling.working():
        await telling.call("c1")
        await telling.until_state(TaskState.DEAD, "c1")
    error = (await telling.entry("c1")).error
    assert error is not None
    assert error.startswith("400 BAD CODE: y y")
    assert len(error) <= LONGEST_WORDS
    assert error.isprintable()


def test_what_is_said_is_one_line() -> None:
    assert plain("a\x00b\r\n\tc\ud800 d") == "a b c d"
    assert plain(json.loads('"\\u0000"')) == ""
