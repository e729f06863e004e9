"""Every setting is described in both languages, and the reference is what the structs say."""

import msgspec
import pytest

from dispatcher.config import gateways, reference, settings
from dispatcher.gateways import ADAPTERS, options_of
from dispatcher.gateways.fields import SettingsTable


@pytest.mark.parametrize("language", [*reference.PAGES])
def test_the_reference_is_what_the_structs_say(language):
    """Make it anew: python -m dispatcher.config.reference"""
    assert reference.PAGES[language].read_text("utf-8") == reference.page(language)


def test_every_setting_is_described_in_both_languages():
    for table in reference.tables():
        assert table.title.vi
        assert table.title.en
        for entry in table.entries:
            for say in (entry.what, entry.may_be):
                assert say.vi, (table.heading, entry.key)
                assert say.en, (table.heading, entry.key)
                assert "\n" not in say.vi + say.en


def test_no_struct_of_settings_is_missing_in_the_reference():
    """What a struct of settings is made of is a table of the page, and every key a row."""
    shown = {table.kind for table in reference.tables()}
    every = {settings.SiteSettings, gateways.Account, *(options_of(name) for name in ADAPTERS)}
    waiting = [SettingsTable]
    while waiting:
        inner = waiting.pop().__subclasses__()
        waiting += inner
        every |= {kind for kind in inner if not kind.__subclasses__()}
    every -= {settings.SiteSettings, gateways.GatewaySettings}  # the file; an account with its name
    assert every <= shown
    for table in reference.tables():
        keys = [f.encode_name for f in msgspec.structs.fields(table.kind)]
        assert [e.key for e in table.entries] == keys
