"""The kernels as machine code where numba is there, and as they stand where it is not.

Copies of whole modules are made: each function anew over a copied namespace, in which the functions of the modules
before it are the compiled ones. So one source serves both, and nothing in it names numba. numba keeps what it compiled
in a cache, but does not see when a function that is called has changed: here the cache's directory is named by a digest
of all the sources and versions. A cache that cannot be written is none.
"""

from __future__ import annotations

import inspect
from hashlib import sha256
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from platform import machine, python_version
from tempfile import TemporaryFile
from types import FunctionType, ModuleType, SimpleNamespace
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

KERNELS = ("burst.planner.kernel",)
"""The modules whose functions the live planner may run compiled."""


def kernels() -> SimpleNamespace:
    """The functions of ``KERNELS`` by name, and ``compiled``: whether numba stands behind them."""
    return functions(KERNELS)


def functions(modules: Sequence[str], *, plain: bool = False) -> SimpleNamespace:
    """All functions of these modules by name, later modules calling those of earlier ones; and ``compiled``.

    A name that two modules define is that of the later one. Raises nothing where numba is missing, or is switched off
    by its own NUMBA_DISABLE_JIT: then, and where ``plain`` asks for it, they are the plain functions.
    """
    sources = [import_module(name) for name in modules]
    jit = None if plain else _jit(sources)
    if jit is None:
        return SimpleNamespace(compiled=False, **{k: v for one in sources for k, v in _own(one).items()})
    made: dict[object, object] = {}
    found: dict[str, object] = {}
    for source in sources:
        found.update(_copy(source, jit, made))
    return SimpleNamespace(compiled=True, **found)


def _own(module: ModuleType) -> dict[str, FunctionType]:
    """The functions that the module itself defines."""
    return {
        name: value
        for name, value in vars(module).items()
        if isinstance(value, FunctionType) and value.__module__ == module.__name__
    }


def _copy(module: ModuleType, jit: Callable[[FunctionType], object], made: dict[object, object]) -> dict[str, object]:
    """The module's functions, compiled when first called; ``made`` is by original, and grows."""
    space = dict(vars(module))
    for name, value in space.items():
        if isinstance(value, FunctionType) and value in made:
            space[name] = made[value]
    own = {}
    for name, plain in _own(module).items():
        anew = FunctionType(plain.__code__, space, name, plain.__defaults__)
        anew.__module__ = module.__name__
        own[name] = made[plain] = jit(anew)
    space.update(own)
    return own


def _jit(sources: Sequence[ModuleType]) -> Callable[[FunctionType], object] | None:
    """numba's compiler with our cache; None where numba is missing or off."""
    if find_spec("numba") is None:
        return None
    import numba  # noqa: PLC0415  # half a second, for those who compile

    config: Any = numba.config  # its settings are made when it is imported
    if config.DISABLE_JIT:
        return None
    from numba.misc.appdirs import user_cache_dir  # noqa: PLC0415  # the same

    user = Path(user_cache_dir("ris-hybrid"))  # type: ignore[no-untyped-call]  # numba's copy of appdirs has no types
    folder = user / "kernels" / digest(sources, numba.__version__)
    keeps = writable(folder)

    def jit(function: FunctionType) -> object:
        usual, config.CACHE_DIR = config.CACHE_DIR, str(folder)
        try:
            return numba.njit(function, cache=keeps)
        finally:
            config.CACHE_DIR = usual

    return jit


def digest(sources: Sequence[ModuleType], version: str) -> str:
    """What the machine code depends on: sources, numba, Python and the kind of machine."""
    words = [inspect.getsource(one) for one in sources]
    return sha256("\0".join([version, python_version(), machine(), *words]).encode()).hexdigest()[:16]


def writable(folder: Path) -> bool:
    """Whether files can be made there; a cache that cannot be kept is none."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with TemporaryFile(dir=folder):
            return True
    except OSError:
        return False
