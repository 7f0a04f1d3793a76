"""What a spot node's chance of being taken makes of a job's time and bill (pure).

A node is taken at a constant chance h in an hour, and its job starts again from the beginning: then the time that is
billed until r hours have run without a break is (e^(hr) - 1) / h on average, and with b hours of boot after each break
the job is through after (e^(hr) - 1) (1 / h + b). These are the renewal equations of runs without checkpoints (Daly,
Future Generation Computer Systems 22(3), 2006, with the checkpoint interval as long as the job). A job over several
nodes ends with the first of them that is taken: its hazard is h times their number.
"""

from __future__ import annotations

from math import expm1

HOUR_S = 3600.0
_MOST = 40.0
"""e^40 is 10^17: a job that is that unlikely to end is as good as endless, and figures stay finite."""

_LEAST = 1e-9
"""Of a smaller hazard nothing is left in the digits of a float."""


def billed_s(run_s: float, per_hour: float) -> float:
    """Seconds that are billed for a run of ``run_s`` under this hazard; without one the run itself."""
    if per_hour < _LEAST:
        return run_s
    return HOUR_S * _breaks(run_s, per_hour) / per_hour


def delay_s(run_s: float, per_hour: float, boot_s: float) -> float:
    """Seconds by which breaks and the boots after them put off the job's end; 0 without a hazard."""
    if per_hour < _LEAST:
        return 0.0
    return _breaks(run_s, per_hour) * (HOUR_S / per_hour + boot_s) - run_s


def _breaks(run_s: float, per_hour: float) -> float:
    """How many runs end early, on average: e^(hr) - 1."""
    return expm1(min(_MOST, per_hour * run_s / HOUR_S))
