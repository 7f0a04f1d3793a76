"""Errors of botocore in this product's words: which stack, which resource, which call (sandbox)."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError, ParamValidationError
from botocore.parsers import ResponseParserError

from ris_hybrid.errors import ConfigError, Refused, TryAgain

if TYPE_CHECKING:
    from collections.abc import Iterator

CALL_ERRORS = (BotoCoreError, ClientError, ResponseParserError)
"""What a call can raise. The last is no kin of the others: the emulator answers HTML to calls it does not know."""


def is_open(error: BaseException) -> bool:
    """Whether the call may have done its work all the same."""
    if isinstance(error, ClientError):
        return int(error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 400)) >= 500
    return not isinstance(error, ParamValidationError)


@contextmanager
def named(stack: str, kind: str, name: str, deed: str) -> Iterator[None]:
    """Around the calls for one resource.

    Raises:
        Refused: AWS said no, or a parameter is wrong.
        TryAgain: AWS failed or did not answer.
        ConfigError: what the handler itself said, with the resource before it.
    """
    what = f"sandbox stack {stack}: {deed} {kind} {name}"
    try:
        yield
    except ClientError as error:
        told = error.response["Error"]
        kind_of_error = TryAgain if is_open(error) else Refused
        text = f"{what}: {error.operation_name}: {told.get('Message') or told['Code']}"
        raise kind_of_error(text, _hint(kind_of_error), told["Code"]) from error
    except ParamValidationError as error:
        raise Refused(f"{what}: {_flat(error)}", _hint(Refused)) from error
    except (BotoCoreError, ResponseParserError) as error:
        raise TryAgain(f"{what}: {_flat(error)}", _hint(TryAgain)) from error
    except ConfigError as error:
        raise ConfigError(f"{what}: {error.message}", error.hint) from error


def _hint(kind: type[Refused | TryAgain]) -> str:
    if kind is Refused:
        return "mend the program or its settings and repeat: what was finished is kept"
    return "repeat: what was finished is kept"


def _flat(error: Exception) -> str:
    return " ".join(str(error).split())
