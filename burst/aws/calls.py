"""What every call to EC2 shares: errors in our words, and lists cut to what one call takes."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError
from botocore.parsers import ResponseParserError

from burst.aws import errors
from ris_hybrid.errors import TryAgain

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

BATCH = 500
"""Ids in one CreateTags or TerminateInstances call."""


@contextmanager
def translated() -> Iterator[None]:
    """Raise ``CloudError`` in place of what botocore raises, and of what reading an answer that is none raises."""
    try:
        yield
    except ClientError as error:
        raise errors.of_client_error(error) from error
    except (BotoCoreError, ResponseParserError) as error:
        raise errors.of_botocore(error) from error
    except (KeyError, ValueError) as error:  # a proxy's page, say: without the fields EC2 always gives
        raise TryAgain(f"AWS's answer cannot be read: {error!r}", "check the endpoint, then try again") from error


def batches(ids: Sequence[str], size: int = BATCH) -> Iterator[list[str]]:
    """The ids in lists of at most ``size``."""
    for start in range(0, len(ids), size):
        yield list(ids[start : start + size])
