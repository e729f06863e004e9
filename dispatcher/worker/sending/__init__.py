"""Messages go out.

Comes from: the messages table.   Goes to: a gateway, then back to the same row.
Never: holds a transaction open while a gateway is talking.

Read it aloud: claim, intend, ask, settle. One transaction settles the calls that are back and
writes the intents of the next ones (group commit); it starts as soon as the previous one is done
and anything has finished. Intents never exceed what is on the wire.
"""

from dispatcher.worker.sending.balancing import balance
from dispatcher.worker.sending.engine import Engine
from dispatcher.worker.sending.maintenance import end_doubts, pass_deadlines, reclaim

__all__ = ["Engine", "balance", "end_doubts", "pass_deadlines", "reclaim"]
