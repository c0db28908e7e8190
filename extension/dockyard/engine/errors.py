"""What the API answers when it can't do what was asked: Docker's sentence, with the HTTP status that goes with it.

Clients look for these sentences ("No such image", "is already in use"), so they are protocol: always English, worded as Docker words them.
A refusal that Docker would not make (what this engine can't do) is :class:`NotSupported`, with a sentence that says why.
"""

__all__ = [
    "ApiError",
    "BadParameter",
    "Conflict",
    "Forbidden",
    "NotFound",
    "NotModified",
    "NotSupported",
    "ServerError",
    "Unauthorized",
    "Unavailable",
]


class ApiError(Exception):
    """An answer other than success.

    Attributes:
        status: Of the HTTP response.
    """

    status = 500


class NotModified(ApiError):
    """It is already so, such as a container that is started twice."""

    status = 304


class BadParameter(ApiError):
    """The request can't be taken as it is."""

    status = 400


class Unauthorized(ApiError):
    """A registry does not take the credentials."""

    status = 401


class Forbidden(ApiError):
    """It is known, and not to be had."""

    status = 403


class NotFound(ApiError):
    """There is nothing of that name."""

    status = 404


class Conflict(ApiError):
    """It would clash with what is there."""

    status = 409


class ServerError(ApiError):
    """It was tried and failed."""

    status = 500


class Unavailable(ApiError):
    """It is a part of Docker that is switched off, here for good."""

    status = 503


class NotSupported(ApiError):
    """Docker does it; this engine can't."""

    status = 501
