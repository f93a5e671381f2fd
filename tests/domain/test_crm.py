"""What a CRM is told of a call, in which words, and what may be set. The subject is the source page's."""

import json
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qsl, unquote
from xml.etree.ElementTree import fromstring

import pytest
from hypothesis import given
from hypothesis import strategies as st

from outdial.domain.call import Call, place
from outdial.domain.crm import (
    CrmSettings,
    Flow,
    HttpRequest,
    Salesforce,
    Target,
    body_of,
    check_crm,
    goes_elsewhere,
    headers_of,
    url_of,
)
from outdial.domain.crm_pauses import LONGEST_REST, PAUSES, pause_after, rest_after
from outdial.domain.crm_task import (
    ALL_NAMES,
    DEFAULT_SUBJECT,
    LONGEST_SUBJECT,
    CrmTask,
    description_of,
    subject_of,
    task_of,
    words_of,
)
from outdial.domain.events import Asker
from outdial.domain.legs import Side
from outdial.domain.plan import CallPlan, Phone, PhoneKind
from outdial.domain.recordings import SpoolFile
from outdial.domain.refusals import BadRequest
from outdial.domain.results import Code, Party, Reason, Result
from outdial.domain.salesforce_ids import check_letters, is_salesforce_id, relation_of
from outdial.domain.templates import check_template, filled, sentence
from outdial.domain.webhooks import secret_of

START = 1_795_550_400_123
SECRET = secret_of(bytes(32))
ORG = Salesforce("https://example.my.salesforce.com", "key", "secret")
REQUEST = HttpRequest("https://crm.example.com/calls", '{"title": "${subject}"}', SECRET)


def plan(**more: Any) -> CallPlan:
    values: dict[str, Any] = {
        "agent_id": "1234",
        "agent_phone": Phone(PhoneKind.SIP, "a"),
        "party_phone": Phone(PhoneKind.NUMBER, "+442072068888", "carrier"),
        "created_at": START,
        "dial_by": START,
        "asked": {"to": {"telephoneNumber": "02072068888"}},
        "number": "+442072068888",
        **more,
    }
    return CallPlan(**values)


def ended(call_plan: CallPlan | None = None, **more: Any) -> Call:
    call = place("c1", "acc", "main", call_plan or plan())[0]
    values: dict[str, Any] = {
        "ended_at": START + 75_999,
        "joined_at": START + 10_000,
        "result": Result(Code.SUCCESS, Party.DESTINATION, Reason.NORMAL),
        "hung_up_by": Asker.PARTY,
        **more,
    }
    return replace(call, **values)


def test_the_facts_of_a_call() -> None:
    assert task_of(ended(plan(reference="0012400000ATTUQ", application="appName"))) == CrmTask(
        account="acc",
        call_id="c1",
        agent_id="1234",
        number="02072068888",
        e164="+442072068888",
        called_agent_id=None,
        reference="0012400000ATTUQ",
        application="appName",
        started_at=START,
        ended_at=START + 75_999,
        duration_seconds=65,
        outcome="Success",
        hung_up_by="Party",
        recorded=False,
    )


def test_a_call_that_was_never_joined_lasted_no_time_and_says_why() -> None:
    failed = ended(joined_at=None, hung_up_by=None, result=Result(Code.FAILURE, Party.DESTINATION, Reason.NUMBER_BUSY))
    task = task_of(failed)
    assert (task.duration_seconds, task.outcome, task.hung_up_by) == (0, "Failure: NumberBusy", None)


def test_a_call_between_agents_has_the_called_agent_for_a_number() -> None:
    task = task_of(ended(plan(asked={"to": {"agentId": "4567"}}, number=None, called_agent_id="4567")))
    assert (task.number, task.e164, task.called_agent_id) == ("4567", None, "4567")


def test_a_recording_is_linked_to_where_there_is_one() -> None:
    call = ended()
    assert words_of(task_of(call), "https://there")["recordingUrl"] == ""
    recorded = replace(call, recording=replace(call.recording, files=(SpoolFile(Side.AGENT, START),)))
    assert words_of(task_of(recorded), "https://there")["recordingUrl"] == "https://there"


def words(**more: str | None) -> dict[str, str]:
    return words_of(task_of(ended(plan(**more))), "")


# The subject.


def test_the_subject_of_the_page_to_the_letter() -> None:
    assert subject_of(DEFAULT_SUBJECT, words(application="appName")) == "Outbound appName call to 02072068888"
    assert subject_of(DEFAULT_SUBJECT, words()) == "Outbound call to 02072068888"


@pytest.mark.parametrize(
    ("template", "subject"),
    [
        ("${application}: ${number}", ": 02072068888"),
        ("${application} ${number}", "02072068888"),
        ("${number} ${application}", "02072068888"),
        ("Call ${application} ${reference} to ${number}", "Call to 02072068888"),
        ("$${number} costs $$5", "${number} costs $5"),
        ("[${application}] ${agent}", "[] 1234"),
    ],
)
def test_an_empty_value_takes_a_blank_with_it(template: str, subject: str) -> None:
    assert subject_of(template, words()) == subject


def test_a_subject_is_one_line_and_cut_where_it_is_too_long() -> None:
    assert sentence("${a} x", {"a": "b\n c\t"}) == "b c x"
    subject = subject_of("${reference}", words(reference="x" * 300))
    assert (len(subject), subject[-1]) == (LONGEST_SUBJECT, "…")


def test_the_description_has_all_that_is_known_a_line_each() -> None:
    assert description_of(words(reference="4711", application="appName"), with_reference=True) == (
        "Number: 02072068888\nAgent: 1234\nReference: 4711\nApplication: appName\nStarted: 2026-11-24T20:00:00Z\n"
        "Duration: 65 s\nOutcome: Success\nHung up by: Party\nCall: c1"
    )
    assert "Reference" not in description_of(words(reference="4711"), with_reference=False)


# Templates.


@pytest.mark.parametrize("text", ["$", "a $ b", "${", "${}", "${numbre}", "$number", "${a b}", "${${number}}"])
def test_what_can_not_be_filled_in_is_refused(text: str) -> None:
    with pytest.raises(BadRequest) as refused:
        check_template(text, ("number",), "subject")
    assert refused.value.member == "subject"


@given(st.text(max_size=30), st.text(max_size=30), st.text(alphabet="${}number ", max_size=20))
def test_a_value_is_never_taken_for_a_template(before: str, after: str, value: str) -> None:
    text = before.replace("$", "$$") + "${number}" + after.replace("$", "$$")
    check_template(text, ("number",), "subject")
    assert filled(text, {"number": value}) == before + value + after


@given(st.text(max_size=50))
def test_a_value_stays_a_value_in_json_in_a_form_in_xml_and_in_a_url(value: str) -> None:

    task = {**dict.fromkeys(ALL_NAMES, ""), "reference": value}
    text = body_of(replace(REQUEST, body='{"a": ["${reference}"]}'), task)
    assert json.loads(text) == {"a": [value]}
    text = body_of(replace(REQUEST, content_type="application/vnd.api+json", body='"${reference}"'), task)
    assert json.loads(text) == value
    if value.isascii() and value.isprintable():
        xml = body_of(replace(REQUEST, content_type="text/xml; charset=utf-8", body='<a b="${reference}"/>'), task)
        assert fromstring(xml).get("b") == value
    if not any(0xD800 <= ord(each) <= 0xDFFF for each in value):
        form = replace(REQUEST, content_type="application/x-www-form-urlencoded", body="a=${reference}&b=1")
        assert parse_qsl(body_of(form, task), keep_blank_values=True) == [("a", value), ("b", "1")]
        url = url_of(replace(REQUEST, url="https://crm.example.com/${reference}?x"), task)
        assert unquote(url.removeprefix("https://crm.example.com/").removesuffix("?x")) == value
        assert url.count("/") == 3


def test_a_value_can_make_no_header_of_its_own() -> None:
    task = {**dict.fromkeys(ALL_NAMES, ""), "reference": "a\r\nX-Evil: ü"}
    found = headers_of(replace(REQUEST, headers=(("X-Reference", "r=${reference}"),)), task)
    assert found == {"X-Reference": "r=a%0D%0AX-Evil: %C3%BC"}


# Ids.


@pytest.mark.parametrize(
    ("record_id", "good"),
    [
        ("0012400000ATTUQ", True),
        ("5003000000D8cuI", True),
        ("5003000000D8cuIAAR", True),
        ("5003000000D8cuIAAA", False),
        ("5003000000d8cuIAAR", False),
        ("001D000000IqhSLIAZ", True),
        ("0012400000ATTU", False),
        ("0012400000ATTUQ1", False),
        ("0012400000ATT-Q", False),
        ("0012400000ATTUÄ", False),
        ("https://x.de/ab", False),
        ("", False),
    ],
)
def test_an_id_has_15_characters_or_18_that_fit(record_id: str, good: bool) -> None:
    assert is_salesforce_id(record_id) is good


@given(st.text(alphabet="abcXYZ019", min_size=15, max_size=15))
def test_the_last_three_characters_tell_the_case_of_all_others(short: str) -> None:
    whole = short + check_letters(short)
    assert is_salesforce_id(whole)
    swapped = whole[:15].swapcase() + whole[15:]
    assert is_salesforce_id(swapped) is (swapped == whole)


def test_people_are_who_it_is_with_and_all_else_is_what_it_is_about() -> None:
    assert [relation_of(prefix + "2400000ATTUQ") for prefix in ("003", "00Q")] == ["WhoId"] * 2
    assert {relation_of(prefix + "2400000ATTUQ") for prefix in ("001", "006", "500", "00U", "a0X", "00q")} == {"WhatId"}


# Settings.


def test_good_settings_are_taken() -> None:
    jwt = replace(ORG, flow=Flow.JWT_BEARER, user="integration@example.com")
    for target in (ORG, replace(ORG, url=ORG.url + "/"), jwt, REQUEST):
        check_crm(CrmSettings("acc", target), ())


@pytest.mark.parametrize(
    ("target", "member"),
    [
        (replace(ORG, url="http://example.my.salesforce.com"), "salesforce.url"),
        (replace(ORG, url="https://10.0.0.1"), "salesforce.url"),
        (replace(ORG, url="https://example.my.salesforce.com/services"), "salesforce.url"),
        (replace(ORG, url="https://example.my.salesforce.com?a=1"), "salesforce.url"),
        (replace(ORG, flow=Flow.JWT_BEARER), "salesforce.user"),
        (replace(REQUEST, url="https://127.0.0.1/"), "http.url"),
        (replace(REQUEST, url="https://${reference}/"), "http.url"),
        (replace(REQUEST, url="https://crm.${agent}.com/"), "http.url"),
        (replace(REQUEST, url="${reference}"), "http.url"),
        (replace(REQUEST, url="https://crm.example.com/${nothing}"), "http.url"),
        (replace(REQUEST, secret="whsec_short"), "http.secret"),
        (replace(REQUEST, headers=(("Idempotency-Key", "x"),)), "http.headers[0].name"),
        (replace(REQUEST, headers=(("A", "x"), ("Webhook-Id", "x"))), "http.headers[1].name"),
        (replace(REQUEST, headers=(("A", "${nothing}"),)), "http.headers[0].value"),
        (replace(REQUEST, body="{${subject}}"), "http.body"),
        (replace(REQUEST, body='{"a": ${subject'), "http.body"),
        (replace(REQUEST, content_type="image/png"), "http.contentType"),
    ],
)
def test_what_could_not_be_told_is_refused_by_its_member(target: Target, member: str) -> None:
    with pytest.raises(BadRequest) as refused:
        check_crm(CrmSettings("acc", target), ())
    assert refused.value.member == member


def test_a_subject_is_made_of_a_call_and_not_of_itself() -> None:
    with pytest.raises(BadRequest, match="there is no subject"):
        check_crm(CrmSettings("acc", ORG, "${subject}"), ())


@pytest.mark.parametrize(
    ("after", "elsewhere"),
    [
        (replace(ORG, url=ORG.url + "/", external_id_field="Other__c", secret="other"), False),
        (replace(ORG, url="https://evil.example.com"), True),
        (replace(ORG, client_id="other"), True),
        (replace(ORG, flow=Flow.JWT_BEARER), True),
        (REQUEST, True),
    ],
)
def test_a_secret_stays_only_with_whom_it_was_given_for(after: Target, elsewhere: bool) -> None:
    assert goes_elsewhere(ORG, after) is elsewhere


def test_a_request_s_secrets_stay_with_its_host() -> None:
    assert not goes_elsewhere(REQUEST, replace(REQUEST, url="https://crm.example.com/other?x"))
    for url in ("https://crm.example.com:444/calls", "http://crm.example.com/calls", "https://evil.example.com/"):
        assert goes_elsewhere(REQUEST, replace(REQUEST, url=url))


def test_no_secret_is_shown_by_accident() -> None:
    shown = repr(CrmSettings("acc", ORG)) + repr(replace(REQUEST, headers=(("Authorization", "Bearer hidden"),)))
    for secret in ("secret='", SECRET, "hidden"):
        assert secret not in shown


# Pauses.


def test_pauses_grow_and_rests_too() -> None:
    assert [pause_after(tries, 0.5) for tries in (1, 2, 100)] == [PAUSES[0], PAUSES[1], PAUSES[-1]]
    assert [rest_after(failures, 0.5) for failures in (1, 2, 1000)] == [PAUSES[0], 2 * PAUSES[0], LONGEST_REST]
