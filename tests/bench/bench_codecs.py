"""What decoding costs, per channel: microseconds a payload over its own samples, the best of several rounds.

Run from the project's root: `.venv/bin/python tests/bench/bench_codecs.py`. Parsing alone is printed beside it: the
floor that pydantic sets.
"""

import sys
import time
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from connectors.native.codec import NativeCodec
from connectors.registry import codecs
from connectors.samples import reports

ROUNDS = 15
ENVELOPE = {"time": "2026-06-01T09:00:00+08:00", "id": "1", "source": "/bench"}


def best(work: Callable[[bytes], object], payloads: list[bytes]) -> float:
    """Return microseconds of processor time a payload: the fastest round, since whatever else runs only adds."""
    fastest = float("inf")
    for _ in range(ROUNDS):
        began = time.process_time()
        for payload in payloads:
            work(payload)
        fastest = min(fastest, time.process_time() - began)
    return fastest / len(payloads) * 1e6


def main() -> None:
    print(f"{'channel':<18}{'bytes':>7}{'decode µs':>11}{'parse µs':>10}")
    for channel, codec in codecs().items():
        payloads = reports(channel) * 10
        assert isinstance(codec, NativeCodec)
        parse = codec.form.model_validate_json
        size = sum(map(len, payloads)) / len(payloads)
        decode = best(lambda payload, codec=codec: codec.decode(payload, ENVELOPE), payloads)
        print(f"{channel:<18}{size:>7.0f}{decode:>11.1f}{best(parse, payloads):>10.1f}")


if __name__ == "__main__":
    main()
