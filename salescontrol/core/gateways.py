"""Hands a letter to a mail server or to the robot of an office messenger (R1.8). Knows no rows; what fails raises `Away`.

Robots are reached at hosts that the operator named only (`ROBOT_HOSTS`), by addresses of exactly these shapes, and redirects
are not followed: an address that somebody typed cannot make this machine ask others (SSRF).
"""

import re
import smtplib
from dataclasses import dataclass
from urllib.parse import urlsplit

from django.conf import settings
from django.core.mail import EmailMessage
from django.utils.translation import gettext as _

from salescontrol.core.errors import Refusal
from salescontrol.core.models import WayKind

# The address that a messenger shows for its robot → the same for apprise.
_SHAPES = (
    (r"https://qyapi\.weixin\.qq\.com/cgi-bin/webhook/send\?key=([\w-]{8,80})", r"wecombot://\1/"),
    (r"https://oapi\.dingtalk\.com/robot/send\?access_token=([A-Za-z0-9]{8,100})", r"dingtalk://\1/"),
    (
        r"https://oapi\.dingtalk\.com/robot/send\?access_token=([A-Za-z0-9]{8,100})&secret=(\w{8,100})",
        r"dingtalk://\2@\1/",
    ),
    (r"https://open\.feishu\.cn/open-apis/bot/v2/hook/([\w-]{8,80})", r"feishu://\1/"),
    (r"(jsons?://[\w.-]{1,100}(?::\d{1,5})?/[\w/-]{0,200})", r"\1"),
)


class Away(Exception):
    """The gateway did not take the letter: it is away, or refuses it."""


@dataclass(frozen=True)
class Letter:
    """What leaves the house: a subject, a generic sentence with a link, and the key by which receivers drop repeats."""

    key: str
    subject: str
    text: str


def gateway(kind: str, address: str) -> str:
    """Whom a letter to this address is handed to: the same name for all addresses that are away together."""
    return "mail" if kind == WayKind.EMAIL else urlsplit(address).netloc


def read_robot(address: str) -> str:
    """The robot's address for apprise; Refusal `robot` for another shape, or for a host that the operator did not name."""
    for shape, written in _SHAPES:
        found = re.fullmatch(shape, address, re.ASCII)
        if found and urlsplit(address).hostname in settings.ROBOT_HOSTS:
            return found.expand(written) + "?redirect=no"
    message = _(
        "This is no address of a robot that messages may go to. Copy the whole address that WeCom, DingTalk or Feishu shows "
        "for the robot; other hosts are allowed by whoever runs the system (%(setting)s)."
    ) % {"setting": "ROBOT_HOSTS"}
    raise Refusal(message, code="robot", fields={"address": [message]})


def hand_over(kind: str, address: str, letter: Letter) -> None:
    """Hand the letter over, waiting for some seconds at most; raises Away."""
    if kind == WayKind.EMAIL:
        _mail(address, letter)
    else:
        _robot(address, letter)


def _mail(address: str, letter: Letter) -> None:
    if not settings.EMAIL_HOST:
        raise Away("no mail server is set")
    host = urlsplit(settings.PUBLIC_URL).hostname or "salescontrol.invalid"
    headers = {
        "Message-ID": f"<{letter.key}@{host}>",
        "X-Notice-Key": letter.key,
        "Auto-Submitted": "auto-generated",
    }
    try:
        EmailMessage(letter.subject, letter.text, to=[address], headers=headers).send()
    except (OSError, smtplib.SMTPException) as error:
        raise Away(type(error).__name__) from error


def _robot(address: str, letter: Letter) -> None:
    # Only the process that sends loads it: no page waits for its hundred plug-ins.
    import apprise

    try:
        robot = apprise.Apprise.instantiate(read_robot(address))
    except Refusal as refusal:
        raise Away("the host is no longer allowed") from refusal
    if not robot or not robot.notify(title=letter.subject, body=f"{letter.text}\n[{letter.key}]"):
        raise Away("the robot did not take it")
