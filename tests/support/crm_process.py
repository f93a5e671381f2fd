"""A worker that tells CRMs in a process of its own, to be killed.

`python -m support.crm_process DATABASE-FILE`
"""

import asyncio
import sys

from outdial.crm.sealing import KeySealing
from outdial.crm.worker import Worker
from outdial.domain import crm_pauses
from outdial.storage.crm import StoredCrms
from outdial.storage.database import open_database
from outdial.storage.outbox import StoredNotices
from support.pages import Time
from support.telling import BASE, KEY, Counted


async def tell(file: str) -> None:
    crm_pauses.PAUSES = (20, 40)
    crm_pauses.LONGEST_REST = 50
    async with open_database(f"sqlite:///{file}") as database:
        await Worker(StoredCrms(database, KeySealing(KEY)), StoredNotices(database), Time(), Counted(), BASE).run()


if __name__ == "__main__":
    asyncio.run(tell(sys.argv[1]))
