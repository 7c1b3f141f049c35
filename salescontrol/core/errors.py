"""Refusals: what a service says instead of doing what was asked. Each names the rule, who can lift it and what to do next."""

from collections.abc import Mapping, Sequence


class Refusal(Exception):
    """A request that a rule forbids; `message` is a translated sentence, `fields` says which form fields it is about,
    `links` leads on: (label, address) of what else can be done."""

    status = 422

    def __init__(
        self,
        message,
        *,
        code: str = "refused",
        fields: Mapping[str, Sequence] | None = None,
        links: Sequence[tuple[str, str]] = (),
    ) -> None:
        super().__init__(str(message))
        self.message = message
        self.code = code
        self.fields = dict(fields or {})
        self.links = list(links)


class Forbidden(Refusal):
    """The user's role does not include this function (403)."""

    status = 403


class NotVisible(Refusal):
    """The row does not exist, or not for this user: the answer is the same (404)."""

    status = 404


class TooFast(Refusal):
    """Too much in a short time: it may be tried again after so many seconds (429)."""

    status = 429

    def __init__(self, message, *, seconds: int) -> None:
        super().__init__(message, code="too_fast")
        self.seconds = seconds


class Conflict(Refusal):
    """Somebody or something was faster: the state is not the one that the request was made for (409)."""

    status = 409
