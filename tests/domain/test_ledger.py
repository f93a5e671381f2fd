"""The chain of a ledger: whatever is changed, taken out, put in or exchanged is found, and where."""

from dataclasses import fields, replace
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from outdial.domain.ledger import BEGINNING, Entry, Fault, Kind, Record, canonical, chained, hash_of
from support.chains import faults

TEXTS = st.text(max_size=8)
RECORDS = st.builds(
    Record,
    kind=st.sampled_from(Kind),
    account=st.just("a"),
    at=st.integers(0, 2**50),
    call_id=st.none() | TEXTS,
    who=st.none() | TEXTS,
    data=st.dictionaries(TEXTS, st.none() | TEXTS | st.integers() | st.booleans(), max_size=3),
)
LEDGERS = st.lists(RECORDS, min_size=1, max_size=8)


def ledger_of(records: list[Record]) -> tuple[list[Entry], tuple[int, str]]:
    entries: list[Entry] = []
    for seq, record in enumerate(records, 1):
        entries.append(chained(record, seq, entries[-1].hash if entries else BEGINNING))
    return entries, (len(entries), entries[-1].hash)


@given(LEDGERS)
def test_nothing_is_wrong_with_a_ledger_that_nobody_touched(records: list[Record]) -> None:
    entries, head = ledger_of(records)

    assert faults(entries, head) == []


@given(LEDGERS, st.data())
def test_any_change_of_any_member_is_found(records: list[Record], data: st.DataObject) -> None:
    entries, head = ledger_of(records)
    place = data.draw(st.integers(0, len(entries) - 1))
    name = data.draw(st.sampled_from([member.name for member in fields(Entry) if member.name != "seq"]))
    old: Any = getattr(entries[place], name)
    new = old + 1 if isinstance(old, int) else f"{old or ''}x"
    entries[place] = replace(entries[place], **{name: new})

    found = faults(entries, head)

    assert found
    assert found[0].seq in (place + 1, place + 2)


@given(LEDGERS, st.data())
def test_any_missing_entry_is_named(records: list[Record], data: st.DataObject) -> None:
    entries, head = ledger_of(records)
    place = data.draw(st.integers(0, len(entries) - 1))
    del entries[place]

    assert faults(entries, head)[0] == Fault(place + 1, "the entry is missing")


@given(LEDGERS, LEDGERS, st.data())
def test_an_entry_of_another_ledger_does_not_fit(one: list[Record], other: list[Record], data: st.DataObject) -> None:
    entries, head = ledger_of(one)
    strangers, _ = ledger_of(other)
    place = data.draw(st.integers(0, min(len(entries), len(strangers)) - 1))
    if entries[place] != strangers[place]:
        entries[place] = strangers[place]
        assert faults(entries, head)


def test_an_end_that_was_cut_off_or_added_is_found() -> None:
    entries, head = ledger_of([Record(Kind.STARTED, "a", n) for n in range(3)])

    assert faults(entries[:1], head) == [Fault(2, "the entries are missing", 3)]
    assert faults(entries[:2], head) == [Fault(3, "the entry is missing")]
    assert faults(entries, (2, entries[1].hash)) == [Fault(3, "the entry was not written by the ledger")]
    assert faults(entries, (3, "another")) == [Fault(3, "the last entry is not the one that was written last")]
    assert faults(entries, None) == [Fault(3, "the record of the last entry is missing")]
    assert faults([], None) == []


def test_millions_of_missing_entries_are_one_fault() -> None:
    entries, _ = ledger_of([Record(Kind.STARTED, "a", n) for n in range(2)])
    far = replace(entries[1], seq=10**15)

    assert faults([entries[0], far], (10**16, "f"))[:2] == [
        Fault(2, "the entries are missing", 10**15 - 1),
        Fault(10**15, "the entry was changed: its hash does not match its content"),
    ]
    assert faults(entries, (10**16, "f")) == [Fault(3, "the entries are missing", 10**16)]


def test_a_chain_that_was_joined_wrongly_is_found() -> None:
    entries, head = ledger_of([Record(Kind.STARTED, "a", n) for n in range(3)])
    wrong = replace(entries[1], previous="f" * 64)
    entries[1] = replace(wrong, hash=hash_of(wrong))

    assert faults(entries, head)[0] == Fault(2, "the chain is broken: it does not continue the entry before")


def test_one_value_has_one_text() -> None:
    assert canonical({"b": 1, "a": ["ä", None, True]}) == '{"a":["ä",null,true],"b":1}'
    assert canonical({"a": 1, "b": 2}) == canonical({"b": 2, "a": 1})
