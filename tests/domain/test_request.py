"""The body of a call request: each refusal's exact text, which of two is reported first, and what is echoed."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from outdial.domain import refusals
from outdial.domain.refusals import Refusal
from outdial.domain.request import decode, parse_call_request
from outdial.domain.versions import LATEST, effective_version

AGENT: dict[str, Any] = {"agentId": "1234"}
NUMBER: dict[str, Any] = {"telephoneNumber": "02072068888"}


def body(caller: Any = None, callee: Any = None, **more: Any) -> dict[str, Any]:
    return {"from": AGENT if caller is None else caller, "to": NUMBER if callee is None else callee, **more}


def refused(body: dict[str, Any], version: int = LATEST) -> str:
    with pytest.raises(Refusal) as refusal:
        parse_call_request(body, version)
    return refusal.value.message


@pytest.mark.parametrize(
    ("sent", "message"),
    [
        (body(callee={"telephoneNumber": "1" * 31}), "Telephone number exceeds 30 characters"),
        (body({"agentId": "123456789012"}), "Agent Id exceeds 11 digits"),
        (body({"agentId": 123456789012}), "Agent Id exceeds 11 digits"),
        (body({"agentId": "12a"}), "Agent Id must contain digits only"),
        (body(callee={"agentId": "٣"}), "Agent Id must contain digits only"),
        (body({"agentId": -1}), "Agent Id must contain digits only"),
        (body({**AGENT, **NUMBER}), "Telephone number not supported in this context"),
        (body({}), "Agent Id must be specified"),
        (body(callee={}), "Either telephone number or agent id required"),
        (body(callee={**NUMBER, "agentId": "4567"}), "Either telephone number or agent id required, not both"),
        (body(regarding={"reference": "a" * 2001}), "Reference exceeded 2000 characters"),
        (body(regarding={"reference": "a b"}), "Reference contained invalid characters"),
        (body(regarding={"reference": "javascript:x"}), "Reference contained invalid characters"),
        (body(regarding={"reference": "http://%zz"}), "Reference contained invalid characters"),
        (
            body(regarding={"reference": "http://x/\N{KELVIN SIGN}"}),
            "Reference contained invalid characters",
        ),
        (body(regarding={"reference": "http://a]b["}), "Reference contained invalid characters"),
        (body(regarding={"reference": "https://crm.example/%4"}), "Reference contained invalid characters"),
        (body(application="a" * 33), "Application exceeded 32 characters"),
        (body(application="a-b"), "Application contains non-alphanumeric characters"),
        (body({**AGENT, "groups": ["030"]}), "Either agent id or groups required, not both"),
        (body(callee={"groups": ["030"]}), "Groups not supported in this context"),
        (body(callee=AGENT), "Unable to place call - an Agent cannot call itself"),
        (body({**AGENT, "presentedClid": "1"}), "Unknown member from.presentedClid; did you mean from.presentedCLID?"),
        (body({"agentID": "1234"}), "Unknown member from.agentID; did you mean from.agentId?"),
        (body({**AGENT, "consent": "oneparty"}), "Consent must be one of Unknown, OneParty, TwoParty"),
    ],
)
def test_each_broken_rule_has_its_exact_text(sent: dict[str, Any], message: str) -> None:
    assert refused(sent) == message


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("{", refusals.MalformedJson),
        ('{"a": NaN}', refusals.MalformedJson),
        ('{"a": 1, "a": 2}', refusals.MalformedJson),
        ('{"a": "\\ud800"}', refusals.MalformedJson),
        ("[" * 100_000, refusals.MalformedJson),
        ("[]", refusals.NotAnObject),
    ],
)
def test_what_is_no_json_object_is_refused(text: str, kind: type[Refusal]) -> None:
    with pytest.raises(kind):
        decode(text.encode())


@pytest.mark.parametrize(
    ("sent", "member", "since"),
    [
        (body({**AGENT, "presentedCLID": "08008888888"}), "from.presentedCLID", 2),
        (body(regarding={"reference": "1"}), "regarding.reference", 4),
        (body(application="app"), "application", 5),
        (body({**AGENT, "consent": "Unknown"}, {**NUMBER, "consent": "Unknown"}), "from.consent", 6),
        (body({"groups": ["030"]}, {**NUMBER, "consent": "Unknown"}), "to.consent", 6),
    ],
)
def test_a_member_is_refused_below_its_version_and_taken_from_it_on(
    sent: dict[str, Any], member: str, since: int
) -> None:
    older = since - 1
    assert refused(sent, older) == f"{member} requires version {since} of the API; this request uses version {older}"
    assert parse_call_request(sent, since)


def test_the_first_rule_broken_is_the_one_reported() -> None:
    everything: dict[str, Any] = {
        "from": {"agentId": "x", "consent": "no"},
        "to": {"telephoneNumber": "1" * 31, "agentId": "2"},
        "application": "a-b",
    }
    assert refused(everything, 4).startswith("application requires version 5")
    assert refused(everything) == "Either telephone number or agent id required, not both"
    del everything["to"]["agentId"]
    assert refused(everything) == "Agent Id must contain digits only"
    everything["from"]["agentId"] = "1234"
    assert refused(everything) == "Telephone number exceeds 30 characters"
    everything["to"]["telephoneNumber"] = "1"
    assert refused(everything) == "Application contains non-alphanumeric characters"
    everything["application"] = "ab"
    assert refused(everything) == "Consent must be one of Unknown, OneParty, TwoParty"


@pytest.mark.parametrize("from_consent", [None, "OneParty"])
@pytest.mark.parametrize("to_consent", [None, "TwoParty"])
@pytest.mark.parametrize(
    ("caller", "callee", "allowed"),
    [
        (AGENT, NUMBER, {(False, False), (True, True)}),
        (AGENT, {"agentId": "4567"}, {(False, False)}),
        ({"groups": ["030"]}, NUMBER, {(False, False), (False, True)}),
        ({"groups": ["030"]}, {"agentId": "4567"}, {(False, False)}),
    ],
)
def test_consent_may_stand_only_where_the_page_has_it(
    caller: dict[str, Any],
    callee: dict[str, Any],
    allowed: set[tuple[bool, bool]],
    from_consent: str | None,
    to_consent: str | None,
) -> None:
    sent = body({**caller, "consent": from_consent}, {**callee, "consent": to_consent})
    if (from_consent is not None, to_consent is not None) in allowed:
        assert parse_call_request(sent, 6).from_consent == from_consent
    else:
        assert refused(sent).startswith("Consent must be ")


def test_what_is_sent_is_echoed_though_nothing_is_in_it() -> None:
    assert parse_call_request(body(regarding={}), 4).echo["regarding"] == {}
    assert "regarding" not in parse_call_request(body(regarding=None), 4).echo


def test_an_agent_id_may_be_a_whole_number_and_is_echoed_as_a_string() -> None:
    assert parse_call_request(body({"agentId": 1234, "unknown": 1}), 0).echo == {"from": AGENT, "to": NUMBER}


@pytest.mark.parametrize(
    ("accept", "content_type", "version"),
    [
        (None, "application/json", 3),
        ("application/json;version=4", "application/json; version=5", 4),
        (None, "application/json; version=1.1", 2),
        ('application/json; Version = "6"', None, 6),
        ("application/json; version=1.0", None, 1),
    ],
)
def test_the_version_is_accepts_else_content_types_else_the_paths(
    accept: str | None, content_type: str | None, version: int
) -> None:
    assert effective_version(accept, content_type, 3) == version


def test_a_version_that_does_not_exist_is_refused_with_the_list() -> None:
    with pytest.raises(refusals.UnsupportedVersion, match="0, 1, 2, 3, 4, 5, 6"):
        effective_version("application/json;version=7", None, 0)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.sampled_from(["agentId", "groups", "consent", "x"]), inner),
)


@given(st.dictionaries(st.sampled_from(["from", "to", "regarding", "application"]), JSON), st.integers(0, LATEST))
def test_any_json_is_a_request_or_a_refusal(sent: dict[str, Any], version: int) -> None:
    try:
        request = parse_call_request(decode(json.dumps(sent).encode()), version)
    except Refusal:
        return
    assert (request.agent_id is None) is bool(request.groups)
    assert (request.number is None) is not (request.called_agent_id is None)
