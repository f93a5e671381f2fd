"""What is to become of recordings that are not there yet, in the database. Must not know what that may be."""

from pydantic import TypeAdapter, ValidationError
from sqlalchemy import Connection, delete, insert, select, update

from outdial.calls.recording_store import Foresee
from outdial.calls.recordings import RecordDamaged
from outdial.domain.recordings import Foreseen
from outdial.storage.ledger import add_records
from outdial.storage.recording_tables import recordings_foreseen as table

_FORESEEN = TypeAdapter(Foreseen)


def foresee_for(connection: Connection, account: str, call_id: str, foresee: Foresee) -> Foreseen:
    """Change what is foreseen for a call's recording; what is foreseen then."""
    before = _found(connection, account, call_id)
    changed = foresee(before or Foreseen(account, call_id))
    if changed is None:
        return before or Foreseen(account, call_id)
    after, records = changed
    data = _FORESEEN.dump_json(after).decode()
    if before is None:
        connection.execute(insert(table), {"account": account, "call_id": call_id, "data": data})
    else:
        where = (table.c.account == account) & (table.c.call_id == call_id)
        connection.execute(update(table).where(where).values(data=data))
    add_records(connection, records)
    return after


def take_foreseen(connection: Connection, account: str, call_id: str) -> Foreseen | None:
    """What was foreseen for a call's recording; it is forgotten with this commit."""
    found = _found(connection, account, call_id)
    if found is not None:
        connection.execute(delete(table).where(table.c.account == account, table.c.call_id == call_id))
    return found


def _found(connection: Connection, account: str, call_id: str) -> Foreseen | None:
    wanted = select(table.c.data).where(table.c.account == account, table.c.call_id == call_id)
    data = connection.execute(wanted).scalar()
    try:
        return None if data is None else _FORESEEN.validate_json(data)
    except ValidationError:
        raise RecordDamaged(f"what is foreseen for the recording of call {call_id} can't be read") from None
