"""A plain Faust agent: event by event, at least once; parse, look the case up in a table, write the same outputs.

It brings no rules: what to write is looked up, in its favour. Arguments: bootstrap, folder of the job, group, events.
Prints one JSON line: events a second and cores, from the first event to the last.
"""

import base64
import json
import os
import sys
import time
import zlib
from pathlib import Path
from typing import Any

import faust
import orjson

BOOTSTRAP, FOLDER, GROUP, EVENTS = sys.argv[1], Path(sys.argv[2]), sys.argv[3], int(sys.argv[4])
TOLD: Any = orjson.loads((FOLDER / "job.json").read_bytes())
CANNED = [
    ([(n, base64.b64decode(raw)) for n, raw in one["outputs"]], base64.b64decode(one["state"]))
    for one in TOLD["canned"]
]
app = faust.App(
    GROUP, broker=f"kafka://{BOOTSTRAP}", store="memory://", datadir=str(FOLDER / "faust"), web_enabled=False,
    consumer_auto_offset_reset="earliest", topic_partitions=int(TOLD["partitions"]), topic_replication_factor=1,
    producer_linger=0.02, producer_max_batch_size=262144, broker_commit_interval=1.0,
)  # fmt: skip
incidents = app.topic(TOLD["incidents"], key_type=bytes, value_type=bytes, key_serializer="raw", value_serializer="raw")
outputs = [
    app.topic(name, key_type=bytes, value_type=bytes, key_serializer="raw", value_serializer="raw")
    for name in [*TOLD["agencies"], TOLD["decisions"]]
]
cases = app.Table("cases", key_type=bytes, value_type=bytes)


@app.agent(incidents)  # type: ignore[untyped-decorator]
async def dispatch(stream: Any) -> None:
    taken = records = size = 0
    began = cpu = 0.0
    async for value in stream:
        if not taken:
            began, cpu = time.perf_counter(), time.process_time()
        key = orjson.loads(value)["id"].encode()
        if cases.get(key) is None:
            given, kept = CANNED[zlib.crc32(key) % len(CANNED)]
            for n, raw in given:
                await outputs[n].send(key=key, value=raw)
                size += len(raw)
            records += len(given) + 1
            size += len(kept)
            cases[key] = kept
        taken += 1
        if taken == EVENTS:
            seconds = time.perf_counter() - began
            cores = (time.process_time() - cpu) / seconds
            told = {"rate": taken / seconds, "cores": cores, "records": records / taken, "bytes": size / taken}
            print(json.dumps(told), flush=True)
            os._exit(0)


if __name__ == "__main__":
    worker = faust.Worker(app, loglevel="error", override_logging=False)
    worker.execute_from_commandline()
