"""The open cases of a place for which an emergency begins: they stay where they are, and are listed for an operator."""

from typing import TYPE_CHECKING, Final

from aiokafka.errors import KafkaError
from sqlalchemy.exc import DBAPIError

from incidentbus.cli.caserows import print_cases
from incidentbus.cli.casewords import words_of
from incidentbus.cli.exits import Misuse
from incidentbus.cli.printing import note
from incidentbus.cli.readmodel import fresh
from incidentbus.clock import SystemClock
from incidentbus.readmodel.asking import Wanted, cases
from incidentbus.settings import Settings

if TYPE_CHECKING:
    from incidentbus.readmodel.store import Store

SHOWN: Final = 20


async def tell_open_cases(settings: Settings, place: str) -> None:
    """List what is open in a place and beneath it, and how each is decided anew; only say how where it can't be read.

    The emergency holds already: nothing that goes wrong here is the command's failure.
    """
    try:
        async with fresh(settings) as store:
            print_open_cases(settings, store, place)
    except (Misuse, KafkaError, DBAPIError, OSError) as error:
        note(f"在办案件没有列出 / open cases are not listed: {error}")
        _tell_how(place)


def print_open_cases(settings: Settings, store: "Store", place: str) -> int:
    """Print a place's open cases, those due first on top, at most `SHOWN`; return how many there are."""
    every = cases(store, Wanted(open_only=True, town=place, sort="due"))
    print_cases(every[:SHOWN], words_of(settings, None), SystemClock().now_ms())
    if not every:
        note("当地没有在办案件 / no case is open there")
        return 0
    more = f"，列出 {SHOWN} 件 / {SHOWN} of them shown" if len(every) > SHOWN else ""
    note(f"当地在办 {len(every)} 件，不会自己改派 / open there: {len(every)}, none moves by itself{more}")
    _tell_how(place)
    return len(every)


def _tell_how(place: str) -> None:
    note(f"全部 / all: incidentbus cases list --status open --town {place} --sort due --limit 10000")
    note("要改派的 / to decide one anew: incidentbus cases redispatch CASE --by … --why … --dry-run")
