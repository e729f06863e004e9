"""people: who may act, in which role, by whose right; their passwords, codes and keys."""

from __future__ import annotations

from dispatcher.cli.click_i18n import Group
from dispatcher.cli.people import acts, credentials, delegations
from dispatcher.i18n import Say

people = Group(Say("People and roles."))
for _verb in (
    acts.add,
    acts.list_people,
    acts.set_role,
    acts.disable,
    acts.handover,
    credentials.password,
    credentials.totp,
    credentials.key_add,
    credentials.keys,
    credentials.key_revoke,
    delegations.delegate,
    delegations.list_delegations,
    delegations.end_delegation,
    delegations.reach,
):
    people.add_command(_verb)
