"""Mail to staff over SMTP: one server, one connection, a deadline, TLS unless it is this machine.

Residents are never written to by mail.
"""

from __future__ import annotations

import smtplib
import ssl
from collections.abc import Sequence
from dataclasses import dataclass
from email.message import EmailMessage
from email.utils import formatdate, make_msgid

SECONDS = 20.0


@dataclass(frozen=True)
class Server:
    host: str
    port: int
    tls: str  # starttls | tls | none
    user: str = ""
    password: str = ""


@dataclass(frozen=True)
class Mail:
    sender: str
    to: str
    subject: str
    text: str


NOT_TAKEN, REFUSED, UNSURE, SENT = "not_taken", "refused", "unsure", "sent"


def send(server: Server, mails: Sequence[Mail]) -> list[str]:
    """One outcome per mail: sent, refused for good, not_taken (again later), unsure."""
    outcomes: list[str] = []
    try:
        connection = _connected(server)
    except (OSError, smtplib.SMTPException):
        return [NOT_TAKEN] * len(mails)
    try:
        for mail in mails:
            outcomes.append(_one(connection, mail))
    finally:
        try:
            connection.quit()
        except (OSError, smtplib.SMTPException):
            pass
    return outcomes


def _connected(server: Server) -> smtplib.SMTP:
    context = ssl.create_default_context()
    connection: smtplib.SMTP
    if server.tls == "tls":
        connection = smtplib.SMTP_SSL(server.host, server.port, timeout=SECONDS, context=context)
    else:
        connection = smtplib.SMTP(server.host, server.port, timeout=SECONDS)
        if server.tls == "starttls":
            connection.starttls(context=context)
    if server.user:
        connection.login(server.user, server.password)
    return connection


def _one(connection: smtplib.SMTP, mail: Mail) -> str:
    message = EmailMessage()
    message["From"], message["To"] = mail.sender, mail.to
    message["Subject"] = mail.subject
    message["Date"] = formatdate(localtime=True)
    message["Message-ID"] = make_msgid(domain=mail.sender.rpartition("@")[2] or "localhost")
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(mail.text)
    try:
        connection.send_message(message)
    except smtplib.SMTPResponseException as error:
        return NOT_TAKEN if 400 <= error.smtp_code < 500 else REFUSED
    except smtplib.SMTPRecipientsRefused as error:
        codes = [code for code, _ in error.recipients.values()]
        return NOT_TAKEN if all(400 <= code < 500 for code in codes) else REFUSED
    except (OSError, smtplib.SMTPException):
        return UNSURE  # the line broke: the server may have it
    return SENT
