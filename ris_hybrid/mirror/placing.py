"""Where an allocation goes: its data class decides the environment, and PHI only goes to accounts made for it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ris_hybrid.mirror.values import Held

if TYPE_CHECKING:
    from ris_hybrid.mirror.settings import Environment, MirrorSettings
    from ris_hybrid.mirror.survey import Survey
    from ris_hybrid.mirror.values import DataClass
    from ris_hybrid.mirror.wanted import Wanted

_LOWER = "To lower it on purpose, name its class in mirror.yaml, data_classes"


def class_of(wanted: Wanted, seen: Survey) -> DataClass:
    """PHI where the file says ``secure``, else what mirror.yaml says of it by name, or of all others.

    What is held as PHI stays PHI until mirror.yaml names another class: a line lost from a file lowers nothing.
    """
    told = asked_class(wanted, seen)
    named = wanted.secure or wanted.key in seen.classes
    return told if named or not any(one.holds_phi for one in seen.homes(wanted)) else "phi"


def asked_class(wanted: Wanted, seen: Survey) -> DataClass:
    """The class by its file and mirror.yaml alone."""
    return "phi" if wanted.secure else seen.classes.get(wanted.key, seen.settings.data_class)


def still_phi(wanted: Wanted, seen: Survey) -> Held | None:
    """What is said where it stays PHI against its file."""
    asked = asked_class(wanted, seen)
    if class_of(wanted, seen) == asked:
        return None
    text = f"it is held as phi, and its file does not say secure: true (any more): it stays phi. {_LOWER}"
    return Held(allocation=wanted.name, step="lower its data class", reason=f"{text}: {{{wanted.name}: {asked}}}")


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
