"""What stands in the way of a far end is told before anything is started."""

from pathlib import Path

import pytest

from outdial.sandbox.configuration import Address, Binary
from outdial.sandbox.far_end import LONGEST_SOCKET_PATH, FarEnd, FarEndError

NOTHING = Binary(("/bin/false",), Path("/"), Path("/"))


async def test_a_path_too_long_for_a_socket_is_told(tmp_path: Path) -> None:
    folder = tmp_path / ("x" * (LONGEST_SOCKET_PATH - len(str(tmp_path)) - len("/run/asterisk.ctl")))
    far_end = FarEnd(folder, NOTHING, Address("127.0.0.1", 5060), {}, [])
    with pytest.raises(FarEndError, match="too long for the far end's control socket"):
        async with far_end.running():
            pass
    assert not folder.exists()
