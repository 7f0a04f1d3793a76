"""Waits for a job of REST v2: a change is accepted first (202) and done later."""

from __future__ import annotations

from typing import TYPE_CHECKING

from onprem.gpfs import rest_requests as requests
from onprem.gpfs.rest_words import Ended, ended, job_of, redacted, short
from ris_hybrid.errors import Refused, SiteUnavailable

if TYPE_CHECKING:
    from collections.abc import Callable

    from onprem.gpfs.rest_requests import Asks, Request

FIRST_WAIT_S = 2.0
LONGEST_WAIT_S = 16.0
_MOST_WAITS = 60
"""Together about a quarter of an hour."""


def changed(http: Asks, request: Request, wait: Callable[[float], object], secrets: frozenset[str]) -> Ended:
    """Send a change and wait for its end, looking after 2, 4, 8, 16, 16... seconds.

    Raises:
        SiteUnavailable: nothing is known of the outcome, or it takes longer than a quarter of an hour.
        Refused: it was not accepted.
    """
    answer = http.ask(request)
    if answer is None:
        raise Refused(f"{request.method} {request.path}: what it names is not there")
    job = job_of(answer)
    number, seconds, last = job.get("jobId"), FIRST_WAIT_S, ""
    for _ in range(_MOST_WAITS):
        how = ended(job) if job else Ended(how="lost", text="the answer names no job")
        if how is not None:
            return Ended(how=how.how, code=how.code, text=short(redacted(how.text, secrets)))
        if not isinstance(number, int):
            return Ended(how="lost", text="the answer gives its job no number")
        wait(seconds)
        seconds = min(seconds * 2, LONGEST_WAIT_S)
        try:
            job = job_of(http.ask(requests.job(number)) or {})
        except SiteUnavailable as error:
            last = f"; {error.message}"  # the GUI may be starting again: the job goes on without it
    raise SiteUnavailable(
        f"job {number} of {request.method} {request.path} has not ended{last}",
        "look at it in the GUI or with mmlsjobs; the same command may be repeated",
    )
