"""The hash of a recording's record, of whatever in it must stay as it is; the ledger has it. Pure.

The hash is keyed with the record's own salt, which is destroyed with the recording: the ledger outlives every erasure,
and nobody may find out a telephone number by trying all of them.
"""

import hashlib
import hmac
from dataclasses import MISSING, Field, fields, is_dataclass
from typing import Any

from outdial.domain.ledger import canonical
from outdial.domain.recordings import GONE, KeptRecording

_RENEWED = ("wrapped_key", "key_generation")
"""What changes with the account's key. A wrong one opens nothing."""


def proof_of(kept: KeptRecording) -> str | None:
    """The hash of a record as it is; none for one that has no salt although it names somebody.

    How far it has come, and until when it is retained, is not in it: the ledger says either by itself.
    """
    if not kept.salt and kept.state not in GONE:
        return None
    files = [{name: value for name, value in _facts(file).items() if name not in _RENEWED} for file in kept.files]
    facts = {"recording": _facts(kept.recording), "files": files, "holds": _facts(kept.holds)}
    return hmac.new(kept.salt.encode(), canonical(facts).encode(), hashlib.sha256).hexdigest()


def _facts(value: Any) -> Any:  # noqa: ANN401 -- whatever a record is made of
    """As JSON takes it. Defaults are left out, so that a member that comes with a later version changes no hash."""
    if is_dataclass(value):
        members = [(member, getattr(value, member.name)) for member in fields(value)]
        return {member.name: _facts(found) for member, found in members if found != _default(member)}
    return [_facts(each) for each in value] if isinstance(value, tuple) else value


def _default(member: "Field[Any]") -> object:
    return member.default_factory() if member.default_factory is not MISSING else member.default
