"""Changes of Spectrum Scale by REST v2: the port ``ScaleWrites``.

Each change looks first and does nothing when all is as wanted; one whose job was lost, or says that the thing exists
already, looks again. The GUI is then told to renew what it shows.
"""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from onprem.gpfs import rest_requests as requests
from onprem.gpfs.rest import GpfsRest
from onprem.gpfs.rest_http import LOOPBACK
from onprem.gpfs.rest_jobs import changed
from onprem.gpfs.rest_login import bucket_keys
from onprem.gpfs.rest_words import EXISTS
from ris_hybrid.data.scale import Written
from ris_hybrid.errors import ConfigError, Refused, SiteUnavailable

if TYPE_CHECKING:
    from collections.abc import Callable

    from onprem.gpfs.rest_requests import Asks, BucketKeys, Request
    from onprem.gpfs.rest_words import Ended
    from ris_hybrid.data.scale import CosRelation, FilesetWanted, ScaleFileset

_FOR_RELATIONS = ("bucket/keys", "nodes/afm/mapping", "filesets/cos")
_MODES = {
    "sw": "single-writer",
    "iw": "independent-writer",
    "ro": "read-only",
    "lu": "local-updates",
    "mu": "manual-updates",
}
"""Mode of ``filesets/cos`` to the word of ``afmMode``; compared by its first two letters, as spellings differ."""


class GpfsRestWrites:
    """See ``ris_hybrid.data.ports.ScaleWrites``."""

    def __init__(self, http: Asks, *, wait: Callable[[float], object]) -> None:
        self._http = http
        self._wait = wait
        self._reads = GpfsRest(http, (), now=lambda: 0.0)

    def create_fileset(self, wanted: FilesetWanted) -> Written:
        """See ``ScaleWrites``."""
        found = self._reads.fileset(wanted.file_system, wanted.name)
        if found is not None:
            return _as_wanted(found, wanted)
        ended = self._job(requests.new_fileset(wanted))
        self._refresh("FILESETS")
        if ended.how == "done":
            return Written(outcome="created", text=f"fileset {wanted.name} is created and linked at {wanted.path}")
        found = self._reads.fileset(wanted.file_system, wanted.name)
        if found is None:
            raise _nothing_known(f"whether fileset {wanted.name} was created", ended)
        told = _as_wanted(found, wanted)
        return told if ended.code == EXISTS else Written(outcome="created", text=told.text)

    def set_quota(self, file_system: str, fileset: str, hard_bytes: int) -> Written:
        """See ``ScaleWrites``. Raises ``ConfigError`` for zero, which GPFS takes for no limit at all."""
        if hard_bytes <= 0:
            raise ConfigError("a quota of 0 means no limit to GPFS", "give a size above zero")
        wanted = requests.kib(hard_bytes) * 1024
        if self._limit(file_system, fileset) == wanted:
            return Written(outcome="unchanged", text=f"the quota of {fileset} is {wanted} bytes already")
        ended = self._job(requests.quota(file_system, fileset, hard_bytes))
        self._refresh("QUOTA")
        if ended.how != "done" and self._limit(file_system, fileset) != wanted:
            raise _nothing_known(f"whether the quota of {fileset} was set", ended)
        return Written(outcome="changed", text=f"the quota of {fileset} is {wanted} bytes now")

    def relate(self, relation: CosRelation) -> Written:
        """See ``ScaleWrites``. The keys are read only when something is to be done."""
        scheme, server, port = _endpoint(relation.endpoint)
        _whole_bucket(relation)
        found = self._reads.fileset(relation.file_system, relation.fileset)
        if found is not None:
            return _related(found, relation)
        self._can_relate()
        keys = bucket_keys(Path(relation.key_file))
        secrets = frozenset({keys.access, keys.secret})
        gateways = self._reads.gateways()
        if not gateways:
            raise Refused("the cluster has no AFM gateway node", "an administrator makes one: mmchnode --gateway")
        self._keys(relation.bucket, server, keys)
        name = map_name(relation.bucket)
        self._mapping(name, server, gateways)
        ended = self._job(requests.cos_fileset(relation, name, scheme, port), secrets)
        self._refresh("FILESETS")
        if ended.how == "done":
            return Written(outcome="created", text=_relation_text(relation))
        found = self._reads.fileset(relation.file_system, relation.fileset)
        if found is None:
            raise _nothing_known(f"whether {relation.fileset} was related to its bucket", ended)
        told = _related(found, relation)
        return told if ended.code == EXISTS else Written(outcome="created", text=told.text)

    def renew_keys(self, bucket: str, endpoint: str, key_file: Path) -> Written:
        """Give the cluster a bucket's new keys. It tells no keys, so they are sent each time.

        Raises as ``ScaleWrites``, and ``ConfigError`` for an endpoint or a file that cannot be used.
        """
        _scheme, server, _port = _endpoint(endpoint)
        keys = bucket_keys(key_file)
        self._keys(bucket, server, keys)
        return Written(outcome="changed", text=f"the cluster has new keys of bucket {bucket}")

    def _limit(self, file_system: str, fileset: str) -> int | None:
        found = self._reads.fileset(file_system, fileset)
        if found is None:
            raise Refused(f"{file_system} has no fileset {fileset}", "see `ris-hybrid gpfs show`")
        return self._reads.with_quota(found).quota_bytes

    def _can_relate(self) -> None:
        """Raises ``Refused`` where the GUI says what it offers, and this is not in it."""
        version, offered = self._reads.release()
        lacking = [one for one in _FOR_RELATIONS if not any(path.rstrip("/").endswith(one) for path in offered)]
        if offered and lacking:
            raise Refused(
                f"REST of Spectrum Scale {version} does not offer {', '.join(lacking)}",
                "an administrator relates filesets to buckets by mmafmcoskeys and mmafmcosconfig",
            )

    def _keys(self, bucket: str, server: str, keys: BucketKeys) -> None:
        secrets = frozenset({keys.access, keys.secret})
        ended = self._job(requests.bucket_keys(bucket, server, keys), secrets)
        if ended.how != "done":
            raise SiteUnavailable(f"the keys of bucket {bucket} may not be set: {ended.text}")

    def _mapping(self, name: str, server: str, gateways: tuple[str, ...]) -> None:
        """One that is there is kept, if it serves that server."""
        pairs = self._reads.mappings().get(name)
        if pairs is None:
            ended = self._job(requests.mapping(name, server, gateways))
            if ended.how == "lost":
                raise SiteUnavailable(f"whether the mapping {name} was made is not known: {ended.text}")
        elif not any(pair.partition("/")[0] == server for pair in pairs):
            raise Refused(f"the mapping {name} is there and does not serve {server}: {', '.join(pairs)}")

    def _job(self, request: Request, secrets: frozenset[str] = frozenset()) -> Ended:
        """How a change ended; raises ``Refused`` for one that failed, unless it says that the thing is there."""
        ended = changed(self._http, request, self._wait, secrets)
        if ended.how == "failed" and ended.code != EXISTS:
            raise Refused(
                f"Spectrum Scale could not {request.method} {request.path}: {ended.text}",
                _HINTS.get(ended.code, ""),
                ended.code,
            )
        return ended

    def _refresh(self, task: str) -> None:
        """Ask the GUI to look again; that it does not, does not undo what was done."""
        with suppress(SiteUnavailable, Refused):
            self._http.ask(requests.refresh(task))


_HINTS = {
    "EFSSP0010C": "a group it names may not have reached the cluster from the directory yet: try again later",
    "EFSSG0632C": "the command was aborted on the cluster: look at it, then try again",
}


def map_name(bucket: str) -> str:
    """Of the mapping that serves a bucket: letters and digits, as it stands where a host name would."""
    return "ris" + "".join(sign for sign in bucket if sign.isalnum())


def _as_wanted(found: ScaleFileset, wanted: FilesetWanted) -> Written:
    if found.path != wanted.path:
        raise Refused(
            f"fileset {wanted.name} exists and is linked at {found.path or 'no place'}, not at {wanted.path}",
            "choose another name, or have an administrator link it there",
        )
    return Written(outcome="unchanged", text=f"fileset {wanted.name} exists and is linked at {wanted.path}")


def _related(found: ScaleFileset, relation: CosRelation) -> Written:
    target = f"/{relation.bucket}"
    same_mode = found.afm_mode[:2].casefold() == _MODES[relation.mode][:2]
    if not (found.afm_target.rstrip("/").endswith(target) and same_mode):
        raise Refused(
            f"fileset {relation.fileset} exists with AFM mode {found.afm_mode or 'none'} and target "
            f"{found.afm_target or 'none'}: not {_MODES[relation.mode]} over {relation.bucket}",
            "AFM to a bucket wants a fileset of its own, and its mode cannot be changed afterwards",
        )
    return Written(outcome="unchanged", text=_relation_text(relation))


def _relation_text(relation: CosRelation) -> str:
    return f"fileset {relation.fileset} is an AFM cache ({relation.mode}) over bucket {relation.bucket}"


def _endpoint(endpoint: str) -> tuple[str, str, int]:
    """Scheme, server and port of the buckets' service. Raises ``ConfigError``."""
    parts = urlsplit(endpoint)
    server = parts.hostname or ""
    if parts.scheme not in {"https", "http"} or not server:
        raise ConfigError(f"endpoint: expected https://HOST, found {endpoint!r}")
    if parts.scheme == "http" and server not in LOOPBACK:
        raise ConfigError(f"endpoint: {server} would be spoken to without TLS", "use https")
    return parts.scheme, server, parts.port or (443 if parts.scheme == "https" else 80)


def _whole_bucket(relation: CosRelation) -> None:
    if relation.prefix:
        raise ConfigError(
            "REST v2 relates a fileset to a whole bucket, not to a prefix of it",
            "leave the prefix out, or have an administrator run mmafmcosconfig --prefix",
        )


def _nothing_known(what: str, ended: Ended) -> SiteUnavailable:
    return SiteUnavailable(f"{what} is not known: {ended.text or ended.how}", "look at it, then repeat the command")
