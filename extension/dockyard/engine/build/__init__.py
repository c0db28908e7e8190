"""Building images from a Dockerfile, as Docker's classic builder does (Docker Engine API, ``POST /build``)."""
