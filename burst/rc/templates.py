"""getAvailableTemplates: the pools as LSF's templates.

The answer is made when the provider's configuration is written and only read here, so that the call LSF makes most
idly starts with nothing but ``json``. Template form: IBM Spectrum LSF 10.1, "Configuring the resource connector".
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from ris_hybrid.errors import ConfigError

if TYPE_CHECKING:
    from ris_hybrid.settings import BurstSettings, Pool

FILE_NAME = "ris-provider.json"
RENDER_HINT = "write it again from burst.yaml: ris-hybrid burst render"


def answer(settings: BurstSettings) -> dict[str, Any]:
    """Every pool that has been built. Values are text, as in IBM's samples."""
    pools = [pool for pool in settings.pools if pool.built]
    return {"status": "complete", "templates": [_template(pool, settings) for pool in pools]}


def read_file(path: str) -> dict[str, Any]:
    """The provider's configuration file as it is; raises ``ConfigError`` naming it when it is not one."""
    try:
        with open(path, encoding="utf-8") as file:  # noqa: PTH123  # pathlib alone costs a tenth of this call
            body = json.load(file)
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read: {error.strerror}", RENDER_HINT) from error
    except (ValueError, RecursionError) as error:
        raise ConfigError(f"{path}: is not JSON: {error}", RENDER_HINT) from error
    if not isinstance(body, dict) or not {"settings", "templates"} <= body.keys():
        raise ConfigError(f"{path}: is not a provider configuration", RENDER_HINT)
    return body


def read_answer(conf_dir: str) -> dict[str, Any]:
    """The answer of getAvailableTemplates out of ``<conf_dir>/conf/``."""
    path = f"{conf_dir}/conf/{FILE_NAME}"
    templates = read_file(path)["templates"]
    if not isinstance(templates, dict) or not isinstance(templates.get("templates"), list):
        raise ConfigError(f"{path}: templates: expected the answer of getAvailableTemplates", RENDER_HINT)
    return templates


def _template(pool: Pool, settings: BurstSettings) -> dict[str, Any]:
    return {
        "templateId": pool.name,
        "maxNumber": pool.max_nodes,
        "priority": pool.priority,
        "attributes": {
            "type": ["String", "X86_64"],
            "ncpus": ["Numeric", str(pool.slots)],
            **_processor(pool, settings),
            "mem": ["Numeric", str(pool.memory_mib)],
            **_graphics(pool),
            settings.host_flag: ["Boolean", "1"],
            **_spot(pool, settings),
            **_steered(settings),
        },
    }


def _processor(pool: Pool, settings: BurstSettings) -> dict[str, list[str]]:
    """Cores, and threads of a core, where they are known: lim reports them beside ncpus."""
    cores = pool.cores or (pool.slots if settings.ncpus == "cores" else 0)
    known = {"ncores": cores, "nthreads": pool.threads_per_core}
    return {name: ["Numeric", str(figure)] for name, figure in known.items() if figure}


def _graphics(pool: Pool) -> dict[str, list[str]]:
    """``ngpus`` for jobs that select by it, ``gpuextend`` for those that ask by ``-gpu``."""
    if not pool.gpus:
        return {}
    return {"ngpus": ["Numeric", str(pool.gpus)], "gpuextend": ["String", f"ngpus={pool.gpus}"]}


def _spot(pool: Pool, settings: BurstSettings) -> dict[str, list[str]]:
    """An exclusive resource (``!``): LSF counts only jobs that name it, so that none lands on spot unawares."""
    if pool.purchase == "on-demand" or not settings.spot_flag:
        return {}
    return {f"!{settings.spot_flag}": ["Boolean", "1"]}


def _steered(settings: BurstSettings) -> dict[str, list[str]]:
    """The planner's flag, exclusive like that of spot: LSF counts only jobs that name it, which are the chosen ones.

    Where thresholds take over while there is no plan, nobody names it then and every job has to count: it is a plain
    resource of the template, and it is the policy script that holds LSF back while there is a plan.
    """
    if not settings.steers_by_flag:
        return {}
    steering = settings.planner.steering
    return {f"{'!' if steering.fallback == 'none' else ''}{steering.flag}": ["Boolean", "1"]}
