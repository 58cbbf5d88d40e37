"""When the desk looks: the moments of a Thai day at which a round of the watch is due.

Pure: a moment in, the planned moments around it out. The stations publish once an hour; satellite passes reach the
desk in bursts, so the rounds are closer there. Never waits, never reads a clock.
"""

from __future__ import annotations

import datetime as dt

from data.clock import ICT, UTC

#: Air4Thai puts an hour out some six minutes after its end (its stored replies of three seasons).
_AFTER_THE_HOUR = 12
#: Mean local times of the passes of VIIRS and of MODIS on Aqua (1:30 and 13:30; NASA, "VIIRS active fire" guide, 2.1),
#: how far an orbit strays from them, and how late near-real-time rows are (NASA LANCE: within three hours).
PASSES = (dt.timedelta(hours=1, minutes=30), dt.timedelta(hours=13, minutes=30))
_STRAYS = dt.timedelta(hours=1)
LATENCY = dt.timedelta(hours=3)
_APART = dt.timedelta(minutes=20)
_DAY = dt.timedelta(days=1)


def _planned() -> tuple[dt.timedelta, ...]:
    moments = {dt.timedelta(hours=hour, minutes=_AFTER_THE_HOUR) for hour in range(24)}
    for at in PASSES:
        steps = range(2 * _STRAYS // _APART + 1)
        moments |= {at + LATENCY - _STRAYS + step * _APART for step in steps}
    return tuple(sorted(moments))


#: Since midnight in Thailand, ascending.
PLANNED = _planned()


def latest(moment: dt.datetime) -> dt.datetime:
    """Return the last planned moment that is not after `moment`, both UTC."""
    return max(one for one in _around(moment) if one <= moment)


def following(moment: dt.datetime) -> dt.datetime:
    """Return the first planned moment after `moment`, both UTC."""
    return min(one for one in _around(moment) if one > moment)


def after_a_pass(moment: dt.datetime) -> bool:
    """Return whether rows of a pass may be arriving at a moment (UTC)."""
    local = moment.astimezone(ICT)
    since = local - local.replace(hour=0, minute=0, second=0, microsecond=0)
    return any(abs(since - at - LATENCY) <= _STRAYS for at in PASSES)


def _around(moment: dt.datetime) -> list[dt.datetime]:
    midnight = moment.astimezone(ICT).replace(hour=0, minute=0, second=0, microsecond=0)
    return [(midnight + days * _DAY + since).astimezone(UTC) for days in (-1, 0, 1) for since in PLANNED]
