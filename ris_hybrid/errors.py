"""The few errors this product raises, each named by what the caller does next, each with an exit code.

Exit codes of the command: 0 done, 1 a bug of ours, 2 usage or configuration, 3 a policy rule says no,
4 the site (LSF, a file system, the sandbox) is not reachable, 5 the cloud refused or has no capacity,
6 a check found something, 130 stopped by Ctrl-C, 141 the reader of our output went away.
"""

from __future__ import annotations


class RisHybridError(Exception):
    """What went wrong, in the words of the person it is shown to, and what to do next."""

    exit_code = 1

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class ConfigError(RisHybridError, ValueError):
    """What a person wrote cannot be used: mend the file or the argument. Message is ``file:line: field: expected``."""

    exit_code = 2


class PolicyViolation(RisHybridError):
    """A rule of ``policies`` says no: nothing was changed."""

    exit_code = 3


class SiteUnavailable(RisHybridError):
    """LSF, a file system or the sandbox did not answer: its state is unknown, never empty. Try again."""

    exit_code = 4


class CloudError(RisHybridError):
    """The cloud did not do what was asked; ``code`` is the provider's own word for why."""

    exit_code = 5

    def __init__(self, message: str, hint: str = "", code: str = "") -> None:
        super().__init__(message, hint)
        self.code = code


class NoCapacity(CloudError):
    """The cloud has no machine of this kind now: ask elsewhere, or later."""


class QuotaReached(CloudError):
    """The account's own limit is reached: an admin must raise it."""


class Refused(CloudError):
    """Permission or parameters are wrong: trying again cannot help."""


class AskedBefore(Refused):
    """This token was used for another launch: what that one started is there, and this one never will be."""


class TryAgain(CloudError):
    """Throttled, timed out or unreachable: nothing is known about the outcome; the same call may be repeated."""
