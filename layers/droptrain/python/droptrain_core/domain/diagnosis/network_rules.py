"""Rules on the network, proxies and servers, for every place where their words are found."""

from collections.abc import Callable, Iterator

from droptrain_core.domain.diagnosis import kinds, network_signs
from droptrain_core.domain.diagnosis.kind import Kind
from droptrain_core.domain.diagnosis.network_signs import NOT_THE_NETWORK
from droptrain_core.domain.diagnosis.rule import Find, Rule

Signs = tuple[tuple[str, str], ...]
# A proxy may run on the same machine. A proxy's error and a certificate's name the failed connection as well.
_IN_ORDER: tuple[tuple[Kind, Signs, str], ...] = (
    (kinds.MISSING_LIBRARY, network_signs.NO_SSL_MODULE, ""),
    (kinds.PROXY_FAILED, network_signs.PROXY, ""),
    (kinds.TLS_FAILED, network_signs.TLS, NOT_THE_NETWORK),
    (kinds.OFFLINE_MODE, network_signs.OFFLINE, ""),
    (kinds.SCRIPT_OFFLINE, network_signs.UNREACHABLE, NOT_THE_NETWORK),
    (kinds.OFFLINE_MODE, network_signs.LOCAL_FILES_ONLY, ""),
    (kinds.SERVER_UNAVAILABLE, network_signs.RATE_LIMIT, ""),
    (kinds.ACCESS_DENIED, network_signs.DENIED, NOT_THE_NETWORK),
    (kinds.URL_NOT_FOUND, network_signs.NOT_FOUND, NOT_THE_NETWORK),
    (kinds.SERVER_UNAVAILABLE, network_signs.UNAVAILABLE, NOT_THE_NETWORK),
)


def rules(look: Callable[[str, str], Find]) -> Iterator[Rule]:
    """All rules in their order. `look` finds a sign, unless a second pattern matches as well."""
    for kind, signs, unless in _IN_ORDER:
        for sign, source in signs:
            yield Rule(kind, look(sign, unless), source)
