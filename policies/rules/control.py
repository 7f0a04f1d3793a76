"""The published controls a rule implements, each with its standard, and the version where the standard has one.

Ids were read in: AWS Foundational Security Best Practices in Security Hub's user guide (the list of the standard's
controls), HIPAA clauses and CIS AWS Foundations 7.0 as prowler lists them (2026-08; CIS numbers differ in every
version), the conformance packs "Operational Best Practices for HIPAA Security" and "Security Best Practices for ECR" of
awslabs/aws-config-rules (2026-04), whose names are those of AWS Config's managed rules. Security Hub numbers the
controls of all its standards alike: those that are not in FSBP's list stand as its own.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Control:
    """One control of one standard."""

    standard: str
    id: str

    def __str__(self) -> str:
        return f"{self.standard} {self.id}" if self.id else self.standard


SITE = Control(standard="SITE", id="")
"""A rule of the site's own."""


def fsbp(control_id: str) -> Control:
    """AWS Foundational Security Best Practices, as Security Hub numbers them; it has no versions."""
    return Control(standard="FSBP", id=control_id)


def hub(control_id: str) -> Control:
    """A control of Security Hub that is not among those of FSBP: its other standards, such as NIST 800-53, have it."""
    return Control(standard="Security Hub", id=control_id)


def cis(control_id: str) -> Control:
    """CIS AWS Foundations Benchmark 7.0."""
    return Control(standard="CIS 7.0", id=control_id)


def config(source_identifier: str) -> Control:
    """A managed rule of AWS Config, by its SourceIdentifier in the HIPAA or the ECR conformance pack."""
    return Control(standard="Config", id=source_identifier)


def cfr(clause: str) -> Control:
    """The HIPAA security rule."""
    return Control(standard="45 CFR", id=clause)
