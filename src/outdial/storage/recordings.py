"""Recordings in the database, each with its entries in the ledger in one commit; and the accounts' retention.

Must not know where the audio lies, nor what may become of a recording.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, TypeVar

from sqlalchemy import Connection, false, insert, select, tuple_, update

from outdial.calls.recording_store import Arrival, Change, Foresee, RecordingFilter
from outdial.domain.ledger import Kind, Record
from outdial.domain.notices import keeping_failed
from outdial.domain.recordings import GONE, CallRecording, Foreseen, KeptRecording, State, UnreadableRecord
from outdial.storage.calls import stored_call
from outdial.storage.database import Database
from outdial.storage.foreseen import foresee_for, take_foreseen
from outdial.storage.ledger import add_records
from outdial.storage.newest import newest
from outdial.storage.outbox import add_notices
from outdial.storage.recording_keys import StoredKeys
from outdial.storage.recording_rows import kept_of, read_row, values_of
from outdial.storage.recording_tables import recording_groups, recordings
from outdial.storage.recording_terms import ROWS, days_of, expired, set_days
from outdial.storage.tables import accounts

T = TypeVar("T")
MOST_FOUND = 1_000


class StoredRecordings(StoredKeys):
    """See `calls.recording_store.RecordingStore`. An account without a retention of its own has `default_days`."""

    def __init__(self, database: Database, default_days: int = 0) -> None:
        super().__init__(database)
        self._database = database
        self._default_days = default_days

    async def add(self, recording: CallRecording, arrival: Arrival | None = None) -> KeptRecording:
        """Take note of a recording that has ended."""
        return await self._database.write(
            lambda c: _add(c, recording, self._default_days, arrival), account=recording.account
        )

    async def change(self, account: str, recording_id: str, change: Change) -> KeptRecording | None:
        """Change a recording, nobody coming between."""
        written = await self._database.write(lambda c: _change(c, account, recording_id, change), account=account)
        return self._changed(account, written)

    async def change_or_foresee(
        self, account: str, recording_id: str, change: Change, foresee: Foresee
    ) -> KeptRecording | Foreseen:
        """Change a recording, or what is to become of it, nobody coming between."""

        def work(connection: Connection) -> tuple[KeptRecording | Foreseen, bool]:
            kept, told = _change(connection, account, recording_id, change)
            return kept if kept is not None else foresee_for(connection, account, recording_id, foresee), told

        return self._changed(account, await self._database.write(work, account=account))

    async def misfiled(self, account: str, after: str, limit: int) -> Sequence[tuple[str, str | None]]:
        """What recordings would be found by wrongly."""
        return await self._database.read(lambda c: _misfiled(c, account, after, limit))

    async def find(self, account: str, recording_id: str) -> KeptRecording | None:
        """One recording."""
        row = await self._database.read(lambda c: c.execute(_one(account, recording_id)).one_or_none())
        return None if row is None else kept_of(row)

    async def search(self, account: str, wanted: RecordingFilter) -> Sequence[KeptRecording | UnreadableRecord]:
        """An account's recordings, newest first."""
        return await self._database.read(lambda c: _search(c, account, wanted))

    async def in_state(
        self, states: Sequence[State], after: str, limit: int
    ) -> Sequence[KeptRecording | UnreadableRecord]:
        """Recordings of all accounts in these states, by id."""
        wanted = ROWS.where(recordings.c.state.in_(states), recordings.c.id > after)
        return await self._all(wanted.order_by(recordings.c.id).limit(limit))

    async def expired(
        self, states: Sequence[State], now: int, after: str, limit: int
    ) -> Sequence[KeptRecording | UnreadableRecord]:
        """Recordings that retention would delete now, by id."""
        return list(map(read_row, await self._database.read(lambda c: expired(c, states, now, after, limit))))

    async def of_account(self, account: str, after: str, limit: int) -> Sequence[KeptRecording | UnreadableRecord]:
        """An account's recordings in whatever state, by id."""
        wanted = ROWS.where(recordings.c.account == account, recordings.c.id > after)
        return await self._all(wanted.order_by(recordings.c.id).limit(limit))

    async def retention_days(self, account: str) -> int:
        """The account's own retention, else the installation's."""
        return await self._database.read(lambda c: days_of(c, account, self._default_days))

    async def set_retention(self, account: str, days: int, records: Sequence[Record]) -> None:
        """Set it, for the recordings that are there too."""

        def work(connection: Connection) -> None:
            set_days(connection, account, days)
            add_records(connection, records)

        await self._database.write(work, account=account)

    def _changed(self, account: str, written: tuple[T, bool]) -> T:
        """What a change came to, once those are woken who are to hear of it, and no copy of its keys is left."""
        after, told = written
        if told:
            self._database.bell.ring(account)
        if isinstance(after, KeptRecording) and after.state is State.DELETING:
            self._database.empty_log()
        return after

    async def _all(self, wanted: Any) -> list[KeptRecording | UnreadableRecord]:  # noqa: ANN401 -- a select of whole rows
        return [read_row(row) for row in await self._database.read(lambda c: c.execute(wanted).all())]


def holds_recordings(connection: Connection, account: str) -> bool:
    """Whether there is audio of an account that an account of the same key, made later, could come by."""
    some = select(recordings.c.id).where(recordings.c.account == account, recordings.c.state != State.DELETED)
    return connection.execute(some.limit(1)).scalar() is not None


def _add(connection: Connection, recording: CallRecording, default_days: int, arrival: Arrival | None) -> KeptRecording:
    row = connection.execute(_one(recording.account, recording.call_id)).one_or_none()
    if row is not None:
        return kept_of(row)
    days = days_of(connection, recording.account, default_days)
    kept, records = KeptRecording(recording, State.SPOOLED, retain_until=recording.retained_until(days)), list[Record]()
    foreseen = take_foreseen(connection, recording.account, recording.call_id) if arrival else None
    if arrival is not None and foreseen is not None:
        kept, told = arrival(kept, foreseen)
        records.extend(told)
    connection.execute(insert(recordings), values_of(kept))
    add_records(connection, records)
    for group in sorted(set(recording.groups)):
        values = {"account": recording.account, "group_id": group, "recording_id": recording.call_id}
        connection.execute(insert(recording_groups), values)
    return kept


def _change(
    connection: Connection, account: str, recording_id: str, change: Change
) -> tuple[KeptRecording | None, bool]:
    """What is stored then, and whether readers of the account's notices are to be woken."""
    row = connection.execute(_one(account, recording_id).with_for_update()).one_or_none()
    if row is None:
        return None, False
    kept = kept_of(row)
    changed = change(kept)
    if changed is None:
        return kept, False
    after = replace(changed[0], revision=kept.revision + 1)
    where = (recordings.c.account == account) & (recordings.c.id == recording_id)
    connection.execute(update(recordings).where(where).values(values_of(after)))
    add_records(connection, changed[1])
    return after, _tell(connection, after, [record for record in changed[1] if record.kind is Kind.FAILED])


def _tell(connection: Connection, kept: KeptRecording, failures: Sequence[Record]) -> bool:
    """Add a notice for each failure; whether there is anybody to be told."""
    account = kept.recording.account
    known = select(accounts.c.key).where(accounts.c.key == account)
    if not failures or connection.execute(known).scalar() is None:
        return False
    call = stored_call(connection, account, kept.id)
    owed = [keeping_failed(kept.recording, call, record.data["what"], record.at) for record in failures]
    add_notices(connection, owed)
    return True


def _misfiled(connection: Connection, account: str, after: str, limit: int) -> list[tuple[str, str | None]]:
    """Columns and groups are there to find recordings by; the text is what is believed."""
    wanted = ROWS.where(recordings.c.account == account, recordings.c.id > after)
    rows = connection.execute(wanted.order_by(recordings.c.id).limit(limit)).all()
    grouped: dict[str, set[str]] = {row.id: set() for row in rows}
    column = recording_groups.c
    of_page = [column.recording_id >= rows[0].id, column.recording_id <= rows[-1].id] if rows else [false()]
    for row in connection.execute(select(recording_groups).where(column.account == account, *of_page)):
        grouped.setdefault(row.recording_id, set()).add(row.group_id)
    found: list[tuple[str, str | None]] = []
    for row in rows:
        kept = read_row(row)
        if isinstance(kept, UnreadableRecord):
            # Nobody knows by what it should be found.
            found.append((row.id, None))
            continue
        right = {name: value for name, value in values_of(kept).items() if name not in ("data", "retain_until")}
        wrong = [name for name, value in right.items() if getattr(row, name) != value]
        wrong += [] if grouped[row.id] == set(kept.recording.groups) else ["groups"]
        found.append((row.id, ", ".join(wrong) or None))
    return found


def _search(connection: Connection, account: str, wanted: RecordingFilter) -> list[KeptRecording | UnreadableRecord]:
    column = recordings.c
    conditions = [column.account == account, *_conditions(account, wanted)]
    if wanted.before is not None:
        last = connection.execute(_one(account, wanted.before)).one_or_none()
        if last is None:
            return []
        conditions.append(tuple_(column.started_at, column.id) < tuple_(last.started_at, last.id))
    found = newest(ROWS, "started_at", conditions, wanted.agent_id, max(1, min(wanted.limit, MOST_FOUND)))
    return [read_row(row) for row in connection.execute(found)]


def _conditions(account: str, wanted: RecordingFilter) -> list[Any]:
    column = recordings.c
    found: list[Any] = []
    if wanted.group_id is not None:
        in_group = select(recording_groups.c.recording_id).where(
            recording_groups.c.account == account, recording_groups.c.group_id == wanted.group_id
        )
        found.append(column.id.in_(in_group))
    if wanted.started_from is not None:
        found.append(column.started_at >= wanted.started_from)
    if wanted.started_to is not None:
        found.append(column.started_at < wanted.started_to)
    if wanted.deleted is not None:
        found.append(column.state.in_(GONE) if wanted.deleted else column.state.not_in(GONE))
    equal = (("id", wanted.call_id), ("number", wanted.number), ("reference", wanted.reference))
    return found + [column[name] == value for name, value in equal if value is not None]


def _one(account: str, recording_id: str) -> Any:  # noqa: ANN401 -- a select of whole rows
    return ROWS.where(recordings.c.account == account, recordings.c.id == recording_id)
