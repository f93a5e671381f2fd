"""Versions of the API: which one a request is served in, and since when a member exists."""

import re

from outdial.domain.refusals import UnsupportedVersion

LATEST = 6
_PARAMETER = re.compile(r"""\s*version\s*=\s*("([^"]*)"|'([^']*)'|[^;,]*)""", re.IGNORECASE)
_NAMES = {**{str(n): n for n in range(LATEST + 1)}, **{f"{n}.0": n for n in range(LATEST + 1)}, "1.1": 2}


def effective_version(accept: str | None, content_type: str | None, path: int) -> int:
    """The version asked for: by `Accept`, else by `Content-Type`, else by the number in the path.

    Raises:
        UnsupportedVersion: a header names a version that does not exist.
    """
    for header in (accept, content_type):
        named = _version_in(header)
        if named is not None:
            version = _NAMES.get(named)
            if version is None:
                raise UnsupportedVersion
            return version
    return path


def _version_in(header: str | None) -> str | None:
    """The `version` parameter of a media type, without blanks, quotes and case; none where there is none."""
    if not header or "version" not in header.lower():
        return None
    for media_type in header.split(","):
        for parameter in media_type.split(";")[1:]:
            found = _PARAMETER.fullmatch(parameter)
            if found:
                return next(group for group in (found[2], found[3], found[1]) if group is not None).strip()
    return None
