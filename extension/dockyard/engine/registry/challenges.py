"""What a registry asks of callers: the ``WWW-Authenticate`` header (RFC 9110, section 11.6.1)."""

import re

__all__ = ["challenges"]

_SCHEME = re.compile(r"\s*,?\s*([A-Za-z0-9!#$%&'*+.^_`|~-]+)(?:\s+|$)(?!=)")
_FIELD = re.compile(r'\s*,?\s*([A-Za-z0-9!#$%&\'*+.^_`|~-]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,]+))')


def challenges(header: str) -> list[tuple[str, dict[str, str]]]:
    """Return each challenge's scheme and fields, in lower case.

    ::

        Bearer realm="https://auth.docker.io/token",service="registry.docker.io"
        [("bearer", {"realm": "https://auth.docker.io/token", "service": "registry.docker.io"})]
    """
    found: list[tuple[str, dict[str, str]]] = []
    position = 0
    while position < len(header):
        if pair := _FIELD.match(header, position):
            if found:
                quoted = pair[2]
                found[-1][1][pair[1].lower()] = re.sub(r"\\(.)", r"\1", quoted) if quoted is not None else pair[3]
            position = pair.end()
        elif scheme := _SCHEME.match(header, position):
            found.append((scheme[1].lower(), {}))
            position = scheme.end()
        else:
            break
    return found
