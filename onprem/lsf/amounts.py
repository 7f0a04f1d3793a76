"""Memory, GPUs and span out of a resource requirement as LSF prints it (pure).

Source: IBM Spectrum LSF 10.1, "Usage string", "Span string" and bsub -gpu: ``mem=4GB``, ``mem=(400 200)`` in phases,
``mem=2G/task``, ``/job`` or ``/host``; alternatives by ``||``; ``num=2/task``. A figure without a unit is MB, as
long as LSF_UNIT_FOR_LIMITS says nothing else. The most that any phase or alternative asks for is what a node must have.
"""

from __future__ import annotations

import re
from math import ceil

_RUSAGE = re.compile(r"rusage\[([^\]]*)\]")
_MEM = re.compile(r"(?<![\w.])mem\s*=\s*(\([^)]*\)|[\d.]+\s*[A-Za-z]*)(?:\s*/\s*(\w+))?")
_AMOUNT = re.compile(r"(\d+(?:\.\d+)?)\s*([KMGTPEZ]?)B?", re.IGNORECASE)
_NUM = re.compile(r"(?<![\w.])num\s*=\s*(\d{1,4})(?:\s*/\s*(\w+))?")
_NGPUS = re.compile(r"(?<![\w.])ngpus\w*\s*=\s*(\d{1,4})(?:\.\d*)?(?:\s*/\s*(\w+))?")
_ONE_HOST = re.compile(r"span\[[^\]]*\bhosts\s*=\s*1\b(?!\d)[^\]]*\]")
_MIB = {"K": 1 / 1024, "": 1, "M": 1, "G": 1024, "T": 1024**2, "P": 1024**3, "E": 1024**4, "Z": 1024**5}
_MOST_MIB = 2**40


def memory_of(requirement: str, slots: int) -> int:
    """MiB that the job asks for on one host: of the whole job where it takes one, or asks by job or by task."""
    found = (each for usage in _RUSAGE.findall(requirement) for each in _MEM.findall(usage))
    return max((min(ceil(_most(text) * (slots if by == "task" else 1)), _MOST_MIB) for text, by in found), default=0)


def gpus_of(asked: str, requirement: str, slots: int) -> int:
    """GPUs, from ``-gpu`` where it was given, else from ``ngpus...`` of rusage."""
    usages = " ".join(_RUSAGE.findall(requirement))
    found = _NUM.findall(asked) or _NGPUS.findall(usages)
    if asked and not found:
        return 1  # -gpu without num is one
    return max((int(count) * (slots if by == "task" else 1) for count, by in found), default=0)


def on_one_host(requirement: str) -> bool:
    """``span[hosts=1]``."""
    return _ONE_HOST.search(requirement) is not None


def _most(text: str) -> float:
    return max((float(figure) * _MIB[unit.upper()] for figure, unit in _AMOUNT.findall(text)), default=0.0)
