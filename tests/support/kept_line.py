"""Recordings to be found by commands: two ids, and their audio."""

from outdial.domain.legs import Side
from support.api_world import ACCOUNT
from support.vault import TONES, tone, wav_of

ID = "94e5928c-7f7e-4645-ad72-61010f906449"
SECOND_ID = "94e5928c-7f7e-4645-ad72-61010f906450"
WHOLE = {side: wav_of(tone(TONES[side], 2_000)) for side in Side}
IN = ("-a", ACCOUNT)
