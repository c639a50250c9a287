"""Keeps a client's metadata fresh for as long as it lives.

aiokafka refreshes metadata in a task of its own. An error that it doesn't name ends that task without a word, and from
then on everybody who asks for fresh metadata waits for ever: a member whose coordinator moved never finds it again
(seen in the fault table: both workers outside their group until the watchdog ended them). Here the task is begun anew,
the error is told, and whoever waits is answered that nothing is known.
"""

import asyncio
import logging

from aiokafka.client import AIOKafkaClient

log = logging.getLogger(__name__)

AGAIN_S = 0.1


def keep_fresh(client: AIOKafkaClient) -> None:
    """Watch over the metadata task of a client that was started; ends with the client."""
    task = client._sync_task
    if task is not None:
        task.add_done_callback(lambda ended: _ended(client, ended))


def _ended(client: AIOKafkaClient, task: "asyncio.Task[None]") -> None:
    if task.cancelled() or client._sync_task is not task:
        return  # the client was closed
    error = task.exception()
    log.error("metadata task ended, begun anew: %s", type(error).__name__, exc_info=error)
    loop = asyncio.get_running_loop()
    client._md_update_waiter = loop.create_future()
    waiting, client._md_update_fut = client._md_update_fut, None
    if waiting is not None and not waiting.done():
        waiting.set_result(False)
    client._sync_task = loop.create_task(_after_a_while(client))
    keep_fresh(client)


async def _after_a_while(client: AIOKafkaClient) -> None:
    await asyncio.sleep(AGAIN_S)
    await client._md_synchronizer()
