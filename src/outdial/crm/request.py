"""Tells any CRM of calls by one request each, made from templates. Must not know when to try, or again."""

from outdial.calls.crm import Attempt, Verdict
from outdial.calls.ports import Clock
from outdial.crm.exchange import Answer, Exchange, NoAnswer, plain
from outdial.domain.crm import CrmSettings, HttpRequest, body_of, headers_of, url_of
from outdial.domain.crm_task import CrmTask, description_of, subject_of, words_of
from outdial.outgoing.signing import standard_headers


class TemplatedRequest:
    """One CRM's request."""

    def __init__(self, settings: CrmSettings, exchange: Exchange, clock: Clock) -> None:
        assert isinstance(settings.target, HttpRequest)  # noqa: S101 -- made for nothing else
        self._settings, self._target, self._exchange, self._clock = settings, settings.target, exchange, clock

    async def tell(self, task: CrmTask, recording_url: str) -> Attempt:
        """Send it once. Raises nothing: whatever goes wrong is the attempt's."""
        if not self._target.secret:
            return Attempt(Verdict.DOWN, None, "its secret can't be read; set it again")
        words = words_of(task, recording_url)
        words["subject"] = subject_of(self._settings.subject, words)
        words["description"] = description_of(words, with_reference=True)
        body = body_of(self._target, words)
        headers = {
            **headers_of(self._target, words),
            "Content-Type": self._target.content_type,
            # The same at every attempt, so that a receiver that looks at it makes one task.
            "Idempotency-Key": task.call_id,
            **standard_headers((self._target.secret,), task.call_id, body, self._clock.now() // 1000),
        }
        try:
            answer = await self._exchange.ask(self._target.method, url_of(self._target, words), headers, body.encode())
        except NoAnswer as error:
            return Attempt(Verdict.DOWN, None, str(error))
        return _attempt_of(answer)


def _attempt_of(answer: Answer) -> Attempt:
    if answer.good:
        return Attempt(Verdict.DONE, answer.status, record_id=_id_in(answer))
    return Attempt(_verdict(answer.status), answer.status, f"answered {answer.status}", rest=answer.rest)


def _verdict(status: int) -> Verdict:
    if status >= 500 or status in (401, 403, 407, 408, 425, 429) or 300 <= status < 400:
        return Verdict.DOWN
    # 404 may be of one reference in the URL, 409 of another request that is under way.
    return Verdict.AGAIN if status in (404, 409) else Verdict.REFUSED


def _id_in(answer: Answer) -> str | None:
    said = answer.json()
    found = said.get("id") if isinstance(said, dict) else None
    return plain(str(found)) if isinstance(found, str | int) else None
