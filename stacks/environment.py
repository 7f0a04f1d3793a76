"""What every layer of an environment knows: whose it is, where it is, and the tags on all of it."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from ris_hybrid.mirror.naming import CLUSTER, ENVIRONMENT, ORGANIZATION


class Settings(BaseModel):
    """What people write for one component: nothing unknown, nothing changed after it was read."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Environment(Settings):
    """One environment: a cluster's part of one account and region."""

    cluster: Annotated[str, Field(pattern=f"^{CLUSTER}$")]
    provider: Annotated[str, Field(pattern=r"^[A-Za-z][A-Za-z0-9-]{0,30}$")]
    """LSF's name of the cloud provider, as in burst.yaml."""
    organization: Annotated[str, Field(pattern=f"^{ORGANIZATION}$")]
    """Begins names that are unique in the world, as in mirror.yaml."""
    env: Annotated[str, Field(pattern=f"^{ENVIRONMENT}$")]
    """From the stack's name."""
    account: Annotated[str, Field(pattern=r"^\d{12}$")]
    region: Annotated[str, Field(pattern=r"^[a-z]{2}(-[a-z]+)+-\d$")]
    partition: str = "aws"
    phi: bool = False
    """Whether protected health information may come here."""
    tags: dict[str, str] = Field(default_factory=dict)
    """The site's own tags, beside ours (``ris_...``)."""

    @property
    def name(self) -> str:
        """Begins the name of everything in the environment."""
        return f"{self.cluster}-{self.env}"

    @property
    def all_tags(self) -> dict[str, str]:
        """The tags of what belongs to no single allocation."""
        return {
            **self.tags,
            "ris_cluster": self.cluster,
            "ris_provider": self.provider,
            "ris_env": self.env,
            "ris_data_class": "phi" if self.phi else "internal",
            "ris_managed": "ris-hybrid",
        }
