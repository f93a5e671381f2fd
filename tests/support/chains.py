"""A whole chain of a ledger at once; the product follows chains entry by entry, however long they are."""

from collections.abc import Iterable

from outdial.domain.ledger import Chain, Entry, Fault


def faults(entries: Iterable[Entry], head: tuple[int, str] | None) -> list[Fault]:
    """What is wrong with all of an account's entries, in order of `seq`."""
    chain = Chain()
    found = [fault for entry in entries for fault in chain.follow(entry)]
    return found + chain.end(head)
