"""Docker's API over HTTP on a unix socket: bytes, requests, responses, routes. What is done lies in the engine's resources."""
