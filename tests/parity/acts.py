"""The register: every act of a person, once, with its name in each door and its cases.

What a door offers beside acts is listed here too, so that nothing new goes unseen: a house test
compares these lists with the commands and the routes there are.
"""

from parity import acts_broadcasts, acts_contacts, acts_schedules, acts_sending, acts_site

ACTS = (
    *acts_broadcasts.ACTS, *acts_sending.ACTS, *acts_schedules.ACTS, *acts_contacts.ACTS,
    *acts_site.ACTS,
)  # fmt: skip

COMMANDS_THAT_READ = """
    areas list · areas show · audit list
    broadcasts list · broadcasts preview · broadcasts share · broadcasts show · broadcasts watch
    budgets list · completion · contacts list · contacts show · coverage · db check · doctor
    duty list · gateways balance · gateways callback · gateways check · gateways dossier
    gateways explain · gateways list · gateways registrations · gateways templates
    gateways verify-webhook · groups list · holidays list · log attempts · log messages
    log receipts · log replies · people delegations · people keys · people list · phone · report
    schedules check · schedules list · schedules next · sms measure · sms unaccent
    templates check · templates list · templates preview · templates show · templates unaccent
    urgent list · urgent sheet · why
"""
COMMANDS_OF_THE_MACHINE = """
    chaos · db copy · db release · db restore · db upgrade · demo · init · run · simulate · twin
    web
"""
POSTS_THAT_READ = """
    /contacts · /why · /lang · /gateways/{name} · /contacts/import
    /broadcasts/new/{template}/along · /broadcasts/new/{template}/forget
    /broadcasts/{number}/edit/along · /broadcasts/{number}/edit/forget
"""
