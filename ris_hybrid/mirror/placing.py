"""Where an allocation goes: its data class decides the environment, and PHI only goes to accounts made for it."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ris_hybrid.mirror.settings import Environment, MirrorSettings
    from ris_hybrid.mirror.values import DataClass
    from ris_hybrid.mirror.wanted import Wanted


def class_of(wanted: Wanted, named: Mapping[str, DataClass], other: DataClass) -> DataClass:
    """PHI where the file says ``secure``, else what mirror.yaml says of it by name (here by key), or of all others."""
    return "phi" if wanted.secure else named.get(wanted.key, other)


def takes(environment: Environment, data_class: DataClass, settings: MirrorSettings) -> bool:
    """Whether data of this class may lie there."""
    allowed = data_class != "phi" or environment.account in settings.phi_accounts
    return allowed and data_class in environment.data_classes


def place(data_class: DataClass, settings: MirrorSettings) -> Environment | str:
    """The first environment that takes the class, or why there is none."""
    named = [one for one in settings.environments if data_class in one.data_classes]
    found = next((one for one in named if takes(one, data_class, settings)), None)
    if found is not None:
        return found
    if named:
        accounts = ", ".join(one.account for one in named)
        return f"PHI may only lie in phi_accounts of mirror.yaml, and account {accounts} is none of them"
    return f"no environment of mirror.yaml takes data of class {data_class}"
