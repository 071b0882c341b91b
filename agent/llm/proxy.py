"""Which proxy a request goes through, and which variable of the environment says so."""

import os
from dataclasses import dataclass
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

from agent.llm.secrets import Censor

SCHEMES = ("all", "http", "https")


@dataclass(frozen=True)
class Proxy:
    """The name of a variable and the address that it holds, without a password."""

    variable: str
    address: str


def proxy_of(url: str) -> Proxy | None:
    """The proxy for requests to a URL; None where there is none."""
    parts = urlsplit(url)
    proxies = getproxies()
    scheme = next((name for name in (parts.scheme, "all") if proxies.get(name)), None)
    if scheme is None or proxy_bypass(parts.netloc.rpartition("@")[2]):
        return None
    return Proxy(_variable(scheme), Censor()(proxies[scheme]))


def proxies_set() -> list[Proxy]:
    """Every proxy that the environment names."""
    proxies = getproxies()
    return [Proxy(_variable(scheme), Censor()(proxies[scheme])) for scheme in SCHEMES if proxies.get(scheme)]


def _variable(scheme: str) -> str:
    """The variable as it is written in this environment: both cases are in use."""
    return next((name for name in os.environ if name.lower() == f"{scheme}_proxy"), f"{scheme.upper()}_PROXY")
