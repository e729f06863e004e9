"""log, why, audit: what happened, message by message, person by person, act by act."""

from dispatcher.cli.log.messages import log
from dispatcher.cli.log.trail import audit
from dispatcher.cli.log.why import tell_story, why

__all__ = ["audit", "log", "tell_story", "why"]
