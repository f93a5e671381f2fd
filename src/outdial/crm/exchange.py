"""One HTTP exchange with a CRM, bounded in time, in bytes, and in whom it reaches. Must not know what it says."""

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import aiohttp
from yarl import URL

from outdial.outgoing.sessions import Sessions, read_off, retry_after, told

ANSWER_SECONDS = 30
"""From looking the name up to the answer's status. Salesforce may take long where an org has automation of its own."""
BODY_SECONDS = 10
MOST_BODY = 4 * 1024 * 1024
"""What describes a task of a large org is some hundred KB."""

_ALWAYS = {"User-Agent": "Outdial", "Accept-Encoding": "identity"}


class NoAnswer(Exception):
    """Nothing came of a request, or nothing that can be read. Carries a few words for people."""


LONGEST_WORDS = 300


def plain(said: str, most: int = LONGEST_WORDS) -> str:
    """What a CRM said, on one line of so many characters, with nothing in it that a log or a database can't bear."""
    return " ".join("".join(each if each.isprintable() else " " for each in said[: 4 * most]).split())[:most]


@dataclass(frozen=True, slots=True)
class Answer:
    """What a CRM answered."""

    status: int
    body: bytes
    rest: int | None = None
    """For how many milliseconds it asks to be left in peace."""

    @property
    def good(self) -> bool:
        """Whether it is a success."""
        return 200 <= self.status < 300

    def json(self) -> Any:  # noqa: ANN401 -- whatever was sent
        """The body's document; none where it is no JSON."""
        try:
            return json.loads(self.body)
        except ValueError:
            return None


class Exchange:
    """Sends requests of one account."""

    def __init__(self, sessions: Sessions, networks: tuple[str, ...]) -> None:
        self._session = sessions.reaching(networks)

    async def ask(
        self, method: str, url: str, headers: Mapping[str, str] | None = None, body: bytes | None = None
    ) -> Answer:
        """One request. Redirects are not followed.

        Raises:
            NoAnswer: nobody answered in time, or nobody may be asked there.
        """
        try:
            async with asyncio.timeout(ANSWER_SECONDS + BODY_SECONDS):
                return await self._ask(method, url, {**_ALWAYS, **(headers or {})}, body)
        except TimeoutError:
            raise NoAnswer(f"no answer within {ANSWER_SECONDS} s") from None
        except (aiohttp.ClientError, OSError, ValueError) as error:
            raise NoAnswer(told(error)) from None

    async def _ask(self, method: str, url: str, headers: Mapping[str, str], body: bytes | None) -> Answer:
        request = self._session.request(
            method, URL(url, encoded=True), data=body, headers=headers, allow_redirects=False
        )
        async with asyncio.timeout(ANSWER_SECONDS):
            response = await request
        try:
            found = await read_off(response, MOST_BODY, BODY_SECONDS)
            return Answer(response.status, found or b"", retry_after(response))
        finally:
            response.release()
