"""A second person says yes to exactly this: in person, for somebody else, on paper, or by
correcting the wording, which counts as soon as its author confirms it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date

from dispatcher.broadcasts import one_text
from dispatcher.broadcasts.authority import delegated, not_by_own_hands
from dispatcher.broadcasts.drafting import digest
from dispatcher.broadcasts.previewing import Preview, in_time
from dispatcher.db.broadcasts import approvals, broadcasts, editing
from dispatcher.db.broadcasts.approvals import Paper
from dispatcher.db.broadcasts.broadcasts import Broadcast
from dispatcher.db.database import Tx
from dispatcher.domain.model import HANOI, Actor, BroadcastState, Role
from dispatcher.domain.problems import refused
from dispatcher.domain.rights import WRITERS, need, need_wards
from dispatcher.i18n import Say


def approve(tx: Tx, broadcast: Broadcast, principal: int | None = None) -> None:
    """Approve exactly this; the approver has written, edited and submitted none of it.

    Whoever is no leader, or names a `principal`, signs under a delegation that covers today, the
    people and the money.
    """
    manner, under = _right(tx, broadcast, principal)
    assert tx.actor.person_id is not None
    _approved(tx, broadcast, tx.actor.person_id, manner, delegation_id=under)


def approve_again(tx: Tx, broadcast: Broadcast) -> None:
    """Take over the approval of a held broadcast whose approver may approve no longer."""
    manner, under = _right(tx, broadcast, None)
    assert tx.actor.person_id is not None
    covered = digest(tx, broadcast)
    broadcasts.approve_anew(tx, broadcast.id, tx.actor.person_id, covered)
    approvals.record(tx, broadcast.id, tx.actor.person_id, covered, manner, delegation_id=under)
    tx.note("approval", "broadcast", broadcast.id, manner=manner, delegation=under)


def _right(tx: Tx, broadcast: Broadcast, principal: int | None) -> tuple[str, int | None]:
    """(how the actor may approve this, under which delegation); refused where they may not."""
    assert_named(tx.actor)
    need_wards(tx.actor, broadcast.senders, Say("approve it"))
    assert tx.actor.person_id is not None
    delegation = None
    if tx.actor.role is not Role.LEADER or principal is not None:
        delegation = delegated(tx, broadcast, principal)
        not_by_own_hands(tx, broadcast, delegation.principal_id)
    not_by_own_hands(tx, broadcast, tx.actor.person_id)
    return ("delegated", delegation.id) if delegation else ("own", None)


def assert_named(actor: Actor) -> None:
    """Somebody acts, and not one who only reads."""
    need(actor, WRITERS, Say("approve"))


def approve_on_paper(
    tx: Tx, broadcast: Broadcast, signer: Actor, document: str, day: date, file_id: int | None
) -> None:
    """Record a leader's signature on paper: neither they nor whoever records it wrote any of it."""
    assert_named(tx.actor)
    need_wards(tx.actor, broadcast.senders, Say("record it"))
    need_wards(signer, broadcast.senders, Say("approve it"))
    assert tx.actor.person_id is not None
    assert signer.person_id is not None
    if signer.role is not Role.LEADER:
        raise refused("role", Say("{name} is no leader.", name=signer.name))
    today = tx.now.astimezone(HANOI).date()
    submitted = (broadcast.submitted_at or tx.now).astimezone(HANOI).date()
    if not document.strip() or not submitted <= day <= today:
        raise refused(
            "bad-paper",
            Say("It needs the document's number, and a day between its submission and today."),
        )
    not_by_own_hands(tx, broadcast, tx.actor.person_id)
    not_by_own_hands(tx, broadcast, signer.person_id)
    paper = Paper(document.strip(), day, file_id, tx.actor.person_id)
    _approved(tx, broadcast, signer.person_id, "paper", paper=paper)


def _approved(
    tx: Tx,
    broadcast: Broadcast,
    person_id: int,
    manner: str,
    *,
    delegation_id: int | None = None,
    paper: Paper | None = None,
) -> None:
    covered = digest(tx, broadcast)
    broadcasts.move(
        tx,
        broadcast,
        BroadcastState.APPROVED,
        approved_by=person_id,
        approved_at=tx.now,
        approved_digest=covered,
    )
    approvals.withdraw(tx, broadcast.id)
    approvals.record(
        tx, broadcast.id, person_id, covered, manner, delegation_id=delegation_id, paper=paper
    )
    tx.note("approval", "broadcast", broadcast.id, manner=manner, delegation=delegation_id)


# --- a leader corrects the wording --------------------------------------------------------------


def offer(tx: Tx, broadcast: Broadcast, fields: Mapping[str, str], version: int, note: str) -> None:
    """A leader corrects blanks or wording: it goes back, and counts once its author confirms it.

    The leader's hands stay clean: what the author then writes down is the author's.
    """
    need(tx.actor, {Role.LEADER}, Say("approve"))
    need_wards(tx.actor, broadcast.senders, Say("approve it"))
    assert tx.actor.person_id is not None
    not_by_own_hands(tx, broadcast, tx.actor.person_id)
    changed = replace(broadcast, fields=dict(fields), template_version_id=version)
    covered = digest(tx, changed)
    if covered == digest(tx, broadcast):
        raise refused(
            "nothing-changed",
            Say("That is what was submitted: just approve it."),
        )
    broadcasts.move(tx, broadcast, BroadcastState.RETURNED, reason=note or "corrected")
    approvals.offer(tx, broadcast.id, fields, version, covered, note)
    tx.note("offered", "broadcast", broadcast.id, digest=covered)


def confirm(tx: Tx, broadcast: Broadcast, found: Preview) -> None:
    """The author takes over what a leader corrected: submitted and approved in one step.

    `found`: a preview of the corrected text; above the ceiling the leader saw it is refused.
    """
    need(tx.actor, WRITERS, Say("confirm"))
    need_wards(tx.actor, broadcast.senders, Say("confirm it"))
    waiting = approvals.offered(tx, broadcast.id)
    if waiting is None or broadcast.state is not BroadcastState.RETURNED:
        raise refused(
            "no-offer",
            Say("Broadcast {id} has no correction of a leader to confirm.", id=broadcast.id),
        )
    if tx.actor.person_id == waiting.person_id:
        raise refused(
            "own-work",
            Say("Whoever corrected it cannot confirm it; its author must."),
        )
    blocking = next((r for r in found.remarks if r.severity == "block"), None)
    if blocking is not None:
        raise refused("text-blocked", blocking.say)
    one_text.explain(tx, broadcast, found.unexplained, "", found.repeated)
    in_time(broadcast, found)
    over = found.people > (broadcast.ceiling_people or 0)
    if over or found.total > (broadcast.ceiling_dong or 0) or found.findings:
        raise refused(
            "over-ceiling",
            Say(
                "The correction costs more than the leader saw, or cannot be written "
                "to everybody: submit it again."
            ),
        )
    broadcasts.touch(tx, broadcast.id, "edited")
    editing.reword(tx, broadcast, waiting.fields, waiting.template_version_id)
    approvals.take(tx, waiting.id)
    reworded = broadcasts.get(tx, broadcast.id)
    if digest(tx, reworded) != waiting.digest:
        raise refused(
            "changed-meanwhile",
            Say(
                "Broadcast {id} has changed since it was corrected: submit it again.",
                id=broadcast.id,
            ),
        )
    broadcasts.move(tx, reworded, BroadcastState.SUBMITTED, submitted_at=tx.now)
    submitted = broadcasts.get(tx, broadcast.id)
    not_by_own_hands(tx, submitted, waiting.person_id)
    _approved(tx, submitted, waiting.person_id, "corrected")
