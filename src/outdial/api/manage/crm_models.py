"""What an account's CRM and its tasks look like on the wire. What is secret goes in and never comes out."""

from typing import Annotated, Literal

from pydantic import Field

from outdial.api.manage.kinds import WANTED, Body, Reply, optional
from outdial.calls.crm import Attempt, CrmEntry, CrmStanding, Verdict
from outdial.domain.crm import (
    DEFAULT_API_VERSION,
    DEFAULT_AUDIENCE,
    DEFAULT_FIELD,
    CrmSettings,
    Flow,
    HttpRequest,
    Salesforce,
    Target,
)
from outdial.domain.crm_task import ALL_NAMES, DEFAULT_SUBJECT, NAMES
from outdial.domain.moments import told, told_or_none
from outdial.domain.setup import InvalidMember
from outdial.domain.webhooks import LONGEST_URL

_WORD = "^[!-~]{1,512}$"
_VERSION = "^[0-9]{2,3}\\.0$"
_FIELD = "^[A-Za-z][A-Za-z0-9_]{0,79}$"
_MEDIA = "^[A-Za-z0-9.+-]{1,60}/[A-Za-z0-9.+-]{1,60}(; ?charset=[Uu][Tt][Ff]-8)?$"
_NAME = "^[A-Za-z0-9-]{1,64}$"
_VALUE = "^[ -~]{1,2000}$"
WANTED |= {
    _WORD: "1 to 512 printable ASCII characters without blanks",
    _VERSION: "a version of the REST API, such as 62.0",
    _FIELD: "the API name of a field, such as Outdial_Call_Id__c",
    _MEDIA: "a media type, such as application/json",
    _NAME: "the name of a header",
    _VALUE: "1 to 2000 printable ASCII characters",
}
FlowWord = Literal["clientCredentials", "jwtBearer"]
StateWord = Literal["waiting", "done", "dead"]
MethodWord = Literal["POST", "PUT", "PATCH"]
Url = Annotated[str, Field(min_length=1, max_length=LONGEST_URL, examples=["https://example.my.salesforce.com"])]
Word = Annotated[str, Field(pattern=_WORD)]
Subject = Annotated[
    str,
    Field(
        min_length=1,
        max_length=1_000,
        description=f"Template of a task's subject, with {', '.join(f'`${{{name}}}`' for name in NAMES)}.",
        examples=[DEFAULT_SUBJECT],
    ),
]


class SalesforceBody(Body):
    """A Salesforce org."""

    url: Url
    client_id: Word
    flow: FlowWord = "clientCredentials"
    client_secret: Annotated[Word, Field(description="For clientCredentials. Never shown.")] = optional()
    private_key: Annotated[
        str, Field(min_length=1, max_length=20_000, description="For jwtBearer: RSA, in PEM. Never shown.")
    ] = optional()
    user: Annotated[str, Field(max_length=254, description="For jwtBearer: the user who writes tasks.")] = ""
    audience: Annotated[Word, Field(description="For jwtBearer; https://test.salesforce.com for a sandbox.")] = (
        DEFAULT_AUDIENCE
    )
    api_version: Annotated[str, Field(pattern=_VERSION)] = DEFAULT_API_VERSION
    external_id_field: Annotated[
        str, Field(pattern=_FIELD, description="Field of a task that is marked as external id: holds the call's id.")
    ] = DEFAULT_FIELD

    def target(self) -> Salesforce:
        """As it is kept; without a secret where none was sent.

        Raises:
            InvalidMember: a secret of the other flow.
        """
        of_jwt = self.flow == "jwtBearer"
        sent, other = (self.private_key, self.client_secret) if of_jwt else (self.client_secret, self.private_key)
        if other is not None:
            raise InvalidMember("salesforce.flow", f"the one that {'clientSecret' if of_jwt else 'privateKey'} is for")
        return Salesforce(
            url=self.url,
            client_id=self.client_id,
            secret=sent or "",
            flow=Flow(self.flow),
            user=self.user,
            audience=self.audience,
            api_version=self.api_version,
            external_id_field=self.external_id_field,
        )


class HeaderBody(Body):
    """A header of a request."""

    name: Annotated[str, Field(pattern=_NAME, examples=["Authorization"])]
    value: Annotated[str, Field(pattern=_VALUE, description="A template. Never shown.", examples=["Bearer key"])]


class HttpBody(Body):
    """Any CRM, by one request for each call. URL, headers and body are templates."""

    url: Annotated[Url, Field(description="Values are percent-encoded. The host can't be filled in.")]
    method: MethodWord = "POST"
    content_type: Annotated[str, Field(pattern=_MEDIA, max_length=140)] = "application/json"
    headers: Annotated[
        list[HeaderBody], Field(max_length=20, description="Left out, those set before stay, unless the host changes.")
    ] = optional()
    body: Annotated[
        str,
        Field(
            max_length=32_000,
            description="Values are written as the content type wants it; in JSON, put quotes around texts. Beside "
            f"those of a subject there are {', '.join(f'`${{{name}}}`' for name in ALL_NAMES if name not in NAMES)}.",
            examples=['{"title": "${subject}"}'],
        ),
    ]
    secret: Annotated[
        str,
        Field(
            min_length=24,
            max_length=200,
            description="Signs requests in the form of Standard Webhooks: `whsec_` and 24 to 64 bytes in base64.",
        ),
    ] = optional()

    def target(self) -> HttpRequest:
        """As it is kept; without a secret where none was sent."""
        return HttpRequest(
            url=self.url,
            body=self.body,
            secret=self.secret or "",
            method=self.method,
            content_type=self.content_type,
            headers=tuple((each.name, each.value) for each in self.headers or ()),
        )


class CrmBody(Body):
    """An account's CRM: `salesforce`, or `http` for any other. What is left out has its default."""

    enabled: bool = True
    subject: Subject = DEFAULT_SUBJECT
    salesforce: SalesforceBody | None = None
    http: HttpBody | None = None

    def target(self) -> Target:
        """Raises InvalidMember where there is none, or two."""
        if (self.salesforce is None) is (self.http is None):
            raise InvalidMember("salesforce", "sent, or http, and not both")
        sent = self.salesforce or self.http
        assert sent is not None  # noqa: S101 -- has just been seen
        return sent.target()

    @property
    def keeps_headers(self) -> bool:
        """Whether headers set before are to stay."""
        return self.http is not None and self.http.headers is None


class SalesforceReply(Reply):
    """A Salesforce org."""

    url: str
    client_id: str
    flow: FlowWord
    user: str
    audience: str
    api_version: str
    external_id_field: str


class HttpReply(Reply):
    """A request for each call."""

    url: str
    method: MethodWord
    content_type: str
    headers: list[str] = Field(description="Names; values are never shown.")
    body: str


class CrmReply(Reply):
    """An account's CRM, and how it is doing."""

    kind: Literal["salesforce", "http"] | None = Field(description="Null where none is set.")
    enabled: bool
    subject: str
    salesforce: SalesforceReply | None = None
    http: HttpReply | None = None
    secret_set: bool = Field(description="Whether it can be opened; false after the key of the installation was lost.")
    created_at: str | None
    waiting: int = Field(description="Calls to be told, or to be tried again.")
    done: int
    dead_letters: int = Field(description="Calls refused for good, or tried for three days.")
    last_error: str | None = Field(description="What the CRM said last; null where it took the last task.")
    last_error_at: str | None


class CrmSet(CrmReply):
    """A CRM that has just been set."""

    secret: str | None = Field(description="What requests are signed with, where it is new. Not shown again.")


class TestReply(Reply):
    """What a test came to."""

    passed: bool
    status: int | None = Field(description="The CRM's; null where it gave none.")
    error: str | None
    took_ms: int


class TaskReply(Reply):
    """A call's task."""

    call_id: str
    event: int = Field(description="Number of the event that the call ended with.")
    state: StateWord
    number: str = Field(description="As it was sent in the request.")
    agent_id: str
    reference: str | None
    application: str | None
    started_at: str
    duration_seconds: int
    outcome: str
    attempts: int
    next_attempt_at: str | None
    settled_at: str | None = Field(description="When it was taken, or given up.")
    record_id: str | None = Field(description="What the CRM calls it, where it said so.")
    status: int | None
    error: str | None


class TaskPage(Reply):
    """A page of tasks, newest first."""

    items: list[TaskReply]
    next: str | None = Field(description="Cursor of the next page; null after the last one.")


class Retold(Reply):
    """How many calls are told again."""

    tasks: int


def crm_reply(settings: CrmSettings | None, standing: CrmStanding) -> CrmReply:
    """A CRM as it is told."""
    target = None if settings is None else settings.target
    org = _salesforce_reply(target) if isinstance(target, Salesforce) else None
    request = _http_reply(target) if isinstance(target, HttpRequest) else None
    return CrmReply(
        kind="salesforce" if org else "http" if request else None,
        enabled=settings is not None and settings.enabled,
        subject=settings.subject if settings else DEFAULT_SUBJECT,
        salesforce=org,
        http=request,
        secret_set=bool(target and target.secret),
        created_at=told(settings.created_at) if settings else None,
        waiting=standing.waiting,
        done=standing.done,
        dead_letters=standing.dead,
        last_error=standing.error,
        last_error_at=told_or_none(standing.error_at),
    )


def test_reply(attempt: Attempt) -> TestReply:
    """A test as it is told."""
    passed = attempt.verdict is Verdict.DONE
    return TestReply(passed=passed, status=attempt.status, error=attempt.error, took_ms=attempt.took)


def task_reply(entry: CrmEntry) -> TaskReply:
    """A task as it is told."""
    task = entry.task
    return TaskReply(
        call_id=task.call_id,
        event=entry.seq,
        state=entry.state.value,
        number=task.number,
        agent_id=task.agent_id,
        reference=task.reference,
        application=task.application,
        started_at=told(task.started_at),
        duration_seconds=task.duration_seconds,
        outcome=task.outcome,
        attempts=entry.attempts,
        next_attempt_at=None if entry.settled_at is not None else told(entry.due_at),
        settled_at=told_or_none(entry.settled_at),
        record_id=entry.record_id,
        status=entry.status,
        error=entry.error,
    )


def _salesforce_reply(target: Salesforce) -> SalesforceReply:
    return SalesforceReply(
        url=target.url,
        client_id=target.client_id,
        flow=target.flow.value,
        user=target.user,
        audience=target.audience,
        api_version=target.api_version,
        external_id_field=target.external_id_field,
    )


def _http_reply(target: HttpRequest) -> HttpReply:
    return HttpReply.model_validate(
        {
            "url": target.url,
            "method": target.method,
            "content_type": target.content_type,
            "headers": [name for name, _ in target.headers],
            "body": target.body,
        }
    )
