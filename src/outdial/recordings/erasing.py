"""Erases recordings: written down first, then done, then certified. What was interrupted is done to its end.

Each step can be begun again: what is to be erased stands in the order, and what was erased already is so.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from typing import Any
from uuid import uuid4

import structlog

from outdial.calls.erasure_store import ErasureOrder, ErasureStore
from outdial.calls.ports import Clock
from outdial.calls.recording_library import Selection
from outdial.domain.ledger import Kind, Record
from outdial.domain.moments import told
from outdial.domain.recordings import Foreseen, KeptRecording, UnreadableRecord
from outdial.domain.refusals import Refusal
from outdial.recordings import erasure, foresight, transitions
from outdial.recordings.erasure import Signer
from outdial.recordings.keys import Keys
from outdial.recordings.selections import Found, Selections

LOOK_SECONDS = 60
_log = structlog.get_logger()


class Erasing:
    """Has to run, so that what was interrupted comes to its end."""

    def __init__(self, orders: ErasureStore, selections: Selections, keys: Keys, signer: Signer, clock: Clock) -> None:
        self._orders = orders
        self._selections = selections
        self._keys = keys
        self.signer = signer
        """What certificates are signed with."""
        self._clock = clock
        self._busy: set[str] = set()
        """The orders that are being carried out now."""

    async def erase(self, account: str, selection: Selection, reason: str, who: str) -> dict[str, Any]:
        """Erase recordings that no hold protects; the certificate. Asked again, what was interrupted goes on."""
        for order in await self._interrupted():
            if order.account == account and order.is_asked_again(selection, reason, who):
                return await self._done(order)
        order = ErasureOrder(str(uuid4()), account, self._clock.now(), who, reason, selection)
        return await self._done(order, fresh=True)

    async def certificate(self, account: str, certificate_id: str) -> dict[str, Any] | None:
        """A certificate that was issued before."""
        return await self._orders.certificate(account, certificate_id)

    async def certificates(self, account: str, limit: int) -> Sequence[dict[str, Any]]:
        """The latest of an account's certificates, newest first."""
        return await self._orders.certificates(account, limit)

    async def run(self) -> None:
        """Do what was interrupted to its end, the process before this one's to begin with; until cancelled."""
        while True:
            await self.finish_interrupted()
            await asyncio.sleep(LOOK_SECONDS)

    async def finish_interrupted(self) -> None:
        """Whatever stops one stops no other; it is tried again."""
        try:
            for order in await self._interrupted():
                try:
                    await self._done(order)
                except Exception:  # noqa: BLE001 -- see above
                    _log.exception("an erasure could not be completed", certificate=order.id)
        except Refusal as error:
            _log.warning("erasures could not be looked through", error=str(error))

    async def _interrupted(self) -> list[ErasureOrder]:
        return [order for order in await self._orders.unfinished() if order.id not in self._busy]

    async def _done(self, order: ErasureOrder, *, fresh: bool = False) -> dict[str, Any]:
        self._busy.add(order.id)
        try:
            # Inside, nothing is sealed and nothing put on hold: what is found is all there is that a key could open.
            async with self._keys.steady(order.account):
                if fresh:
                    order = replace(order, ids=tuple(await self._selections.ids(order.account, order.selection)))
                    await self._orders.order(order)
                found, destroyed = await self._carried_out(order, fresh=fresh)
            return await self._certified(order, found, destroyed=destroyed)
        finally:
            self._busy.discard(order.id)

    async def _carried_out(self, order: ErasureOrder, *, fresh: bool) -> tuple[list[Found], bool]:
        """What was selected, as it is then, and whether the account's keys are destroyed."""
        now, why = self._clock.now(), {"by": order.selection.by, "reason": order.reason, "certificate": order.id}
        delete, foresee = transitions.delete(Kind.ERASED, order.who, why, now), foresight.erase(order.who, why, now)
        found = await self._selections.change(order.account, order.ids, delete, foresee)
        if not order.selection.whole_account or any(map(_needs_key, found)):
            return found, False
        if not fresh and not set(await self._selections.ids(order.account, order.selection)) <= {*order.ids}:
            # What has come since was not asked for, and is not to be lost.
            return found, False
        await self._keys.destroy_account(order.account, order.who)
        return found, True

    async def _certified(self, order: ErasureOrder, taken: Sequence[Found], *, destroyed: bool) -> dict[str, Any]:
        unreadable = [each for each in taken if isinstance(each, UnreadableRecord)]
        found = [each for each in taken if not isinstance(each, UnreadableRecord)]
        erased = [
            await self._selections.gone(each) for each in found if isinstance(each, KeptRecording) and not each.holds
        ]
        held = [each for each in found if each.holds]
        ahead = [each for each in found if isinstance(each, Foreseen) and not each.holds]
        asked = {
            "at": told(order.at),
            "by": order.who,
            "selectedBy": order.selection.by,
            "reason": order.reason,
            "accountKeys": "destroyed" if destroyed else "kept",
            "unreadable": [{"recording": each.id, "why": each.why} for each in unreadable],
        }
        certificate = self.signer.signed(erasure.content_of(order.id, order.account, erased, held, ahead, asked))
        proof = {"certificate": order.id, "sha256": erasure.hash_of(certificate), "erased": len(erased)}
        record = Record(Kind.CERTIFIED, order.account, self._clock.now(), None, order.who, proof)
        await self._orders.certify(order, certificate, [record])
        return certificate


def _needs_key(found: Found) -> bool:
    """Whether something is to be readable still, or may have to be: one that can't be read now may be held."""
    return not isinstance(found, KeptRecording) or bool(found.holds)
