"""Which images jobs name: from the options of ``bsub -a``, and from scripts with ``#BSUB`` lines (pure).

The option's forms, as people and LSF write them: ``docker(ubuntu:22.04)``, quoted once or twice
(``'docker("x/y:1")'``), with backslashes before quotes and brackets, several applications in one option
(``docker(a:1) other(app)``), blanks within the brackets.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ris_hybrid.errors import ConfigError
from ris_hybrid.images.reference import Reference, parse

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from ris_hybrid.job_ask import JobAsk

_APPLICATION = re.compile(r"(?<![\w-])docker[0-9]*[ \t]*\((?P<image>[^()]*)\)")
_WORD = re.compile(r"(?<![\w./-])docker\d*(?![\w./-])")
_QUOTES = "\"'`"
_BSUB_LINE = re.compile(r"^\s*#\s*BSUB\b(?P<options>.*)$")
_COMMAND = re.compile(r"(?<![\w./-])bsub\b(?P<options>.*)$")
_OPTION_A = re.compile(
    r"(?<!\S)-a[ \t]*(?P<value>(?:\\.|\"(?:\\.|[^\"\\])*\"|'[^']*'|[^\s\\\"'(]|\((?:\\.|[^()\\])*\))+)"
)
_OPTION_G = re.compile(r"(?<!\S)-G[ \t]*[\"']?(?P<group>[^\s\"']+)")
_COMPUTE = re.compile(r"/?compute-(.+?)(?:-t[123])?")


@dataclass(frozen=True, slots=True, kw_only=True)
class Named:
    """One image that somebody's jobs name."""

    lab: str
    """Empty where a script names none."""
    written: str
    """As it stands between the brackets, without quotes."""
    reference: Reference | None
    """None where it is no image's name; ``problem`` says why."""
    problem: str = ""
    jobs: tuple[str, ...] = ()
    scripts: tuple[str, ...] = ()

    @property
    def key(self) -> str:
        """The normalised name, or what was written where it has none."""
        return self.reference.normalised if self.reference else self.written


def images_in(option: str | None) -> tuple[str, ...]:
    """Every image that one value of ``-a`` names, in order, each once; none where it names another application."""
    plain = _unescaped(option or "")
    found = (_bare(match["image"]) for match in _APPLICATION.finditer(plain))
    return tuple(dict.fromkeys(found))


def is_unclear(option: str | None) -> bool:
    """Whether an image may be meant that cannot be told: the option is not known, or says ``docker`` and no more.

    Which of the two forms a bjobs prints was not seen on a live LSF.
    """
    return option is None or (not images_in(option) and _WORD.search(_unescaped(option)) is not None)


def images_of_script(text: str) -> tuple[str, ...]:
    """Those of ``#BSUB -a`` lines and of ``bsub`` command lines, in order, each once."""
    found = (
        image
        for options in _option_lines(text)
        for match in _OPTION_A.finditer(options)
        for image in images_in(match["value"])
    )
    return tuple(dict.fromkeys(found))


def lab_of_script(text: str) -> str:
    """The lab of the first ``-G compute-<lab>``; empty where there is none."""
    groups = (match["group"] for options in _option_lines(text) for match in _OPTION_G.finditer(options))
    labs = (match[1] for group in groups if (match := _COMPUTE.fullmatch(group)))
    return next(labs, "")


def from_asks(asks: Iterable[JobAsk]) -> tuple[Named, ...]:
    """The images of jobs, lab by lab, with the jobs that name them."""
    return _joined(_named(ask.lab, image, jobs=(ask.job_id,)) for ask in asks for image in images_in(ask.esub))


def from_scripts(scripts: Mapping[str, str], lab: str = "") -> tuple[Named, ...]:
    """The images of scripts (name to text); ``lab`` is that of scripts that name none."""
    return _joined(
        _named(lab_of_script(text) or lab, image, scripts=(name,))
        for name, text in scripts.items()
        for image in images_of_script(text)
    )


def together(*groups: Iterable[Named]) -> tuple[Named, ...]:
    """All of them, each image of a lab once."""
    return _joined(one for group in groups for one in group)


def _joined(named: Iterable[Named]) -> tuple[Named, ...]:
    found: dict[tuple[str, str], list[Named]] = {}
    for one in named:
        found.setdefault((one.lab, one.key), []).append(one)
    return tuple(
        Named(
            lab=lab,
            written=each[0].written,
            reference=each[0].reference,
            problem=each[0].problem,
            jobs=tuple(dict.fromkeys(job for one in each for job in one.jobs)),
            scripts=tuple(dict.fromkeys(script for one in each for script in one.scripts)),
        )
        for (lab, _), each in sorted(found.items())
    )


def _named(lab: str, image: str, jobs: tuple[str, ...] = (), scripts: tuple[str, ...] = ()) -> Named:
    try:
        reference, problem = parse(image), ""
    except ConfigError as error:
        reference, problem = None, error.message
    return Named(lab=lab, written=image, reference=reference, problem=problem, jobs=jobs, scripts=scripts)


def _option_lines(text: str) -> Iterator[str]:
    """The options of each ``#BSUB`` line and ``bsub`` command; a backslash at a line's end goes on with the next."""
    for line in re.sub(r"\\\r?\n(?:[ \t]*#[ \t]*BSUB\b)?", " ", text).splitlines():
        directive = _BSUB_LINE.match(line)
        command = None if line.lstrip().startswith("#") else _COMMAND.search(line)
        if found := directive or command:
            yield found["options"]


def _unescaped(option: str) -> str:
    r"""The text without backslashes, however many a shell's layers put there: ``\"`` and ``\(`` are their sign."""
    return re.sub(r"\\+(?=[^\w\s])", "", option)


def _bare(image: str) -> str:
    """Without quotes around it, of whatever kind and number, and without the commas of another application's words."""
    return image.strip().strip(_QUOTES).strip()
