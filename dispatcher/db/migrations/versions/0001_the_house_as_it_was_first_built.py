"""The house as it was first built"""

import sqlalchemy as sa
from alembic import op

revision = '0001'
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:

    op.create_table('addresses',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), autoincrement=True, nullable=False),
    sa.Column('cipher', sa.LargeBinary(), nullable=True, comment='AES-SIV; empty once the person is forgotten'),
    sa.Column('kind', sa.String(), nullable=False),
    sa.Column('carrier', sa.String(), nullable=True),
    sa.Column('tail', sa.String(), nullable=False, comment='masked, for people'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_addresses')),
    sa.UniqueConstraint('cipher', name=op.f('uq_addresses_cipher')),
    comment='one row per phone or Zalo id; everything else points here'
    )
    op.create_table('areas',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), autoincrement=True, nullable=False),
    sa.Column('code', sa.String(), server_default='', nullable=False),
    sa.Column('kind', sa.String(), nullable=False),
    sa.Column('name', sa.String(), nullable=False),
    sa.Column('key', sa.String(), nullable=False, comment='normal form, see areas.py'),
    sa.Column('aliases', sa.Text(), server_default='[]', nullable=False, comment='JSON list'),
    sa.Column('parent_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('valid_from', sa.Date(), nullable=False),
    sa.Column('valid_to', sa.Date(), nullable=True),
    sa.Column('proposed', sa.Boolean(), server_default=sa.text('(false)'), nullable=False, comment='first seen in an import, not yet confirmed'),
    sa.CheckConstraint("kind IN ('ward', 'residential_group')", name=op.f('ck_areas_kind')),
    sa.ForeignKeyConstraint(['parent_id'], ['areas.id'], name=op.f('fk_areas_parent_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_areas')),
    sa.UniqueConstraint('kind', 'parent_id', 'key', 'valid_from', name=op.f('uq_areas_kind_parent_id_key_valid_from')),
    comment='a code names a unit only together with a date: codes were reused in 2025'
    )
    op.create_table('bodies',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), autoincrement=True, nullable=False),
    sa.Column('digest', sa.LargeBinary(), nullable=False),
    sa.Column('text', sa.Text(), nullable=True, comment='null where the text names a person: then it is sealed'),
    sa.Column('sealed', sa.LargeBinary(), nullable=True),
    sa.Column('params', sa.Text(), nullable=True, comment='JSON, for vendor templates'),
    sa.Column('template_id', sa.String(), nullable=True),
    sa.Column('encoding', sa.String(), nullable=False),
    sa.Column('parts', sa.Integer(), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_bodies')),
    sa.UniqueConstraint('digest', name=op.f('uq_bodies_digest')),
    comment='equal texts are stored once'
    )
    op.create_table('checkpoints',
    sa.Column('seq', sa.BigInteger(), autoincrement=False, nullable=False),
    sa.Column('head', sa.LargeBinary(), nullable=False),
    sa.Column('at', sa.BigInteger(), nullable=False),
    sa.Column('signature', sa.LargeBinary(), nullable=True),
    sa.PrimaryKeyConstraint('seq', name=op.f('pk_checkpoints'))
    )
    op.create_table('gateways',
    sa.Column('name', sa.String(), nullable=False),
    sa.Column('paused_at', sa.BigInteger(), nullable=True),
    sa.Column('paused_reason', sa.String(), nullable=True),
    sa.Column('paused_code', sa.String(), nullable=True),
    sa.Column('paused_until', sa.BigInteger(), nullable=True),
    sa.Column('unknowns', sa.Integer(), server_default='0', nullable=False, comment='answers of unknown in a row'),
    sa.Column('next_free_at', sa.BigInteger(), server_default='0', nullable=False, comment='pace (GCRA), microseconds'),
    sa.Column('quota_day', sa.Date(), nullable=True),
    sa.Column('quota_used', sa.Integer(), server_default='0', nullable=False),
    sa.PrimaryKeyConstraint('name', name=op.f('pk_gateways'))
    )
    op.create_table('imports',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), autoincrement=True, nullable=False),
    sa.Column('at', sa.BigInteger(), nullable=False),
    sa.Column('by', sa.String(), nullable=False),
    sa.Column('files', sa.Text(), nullable=False, comment='JSON: name, digest, rows'),
    sa.Column('counts', sa.Text(), nullable=False),
    sa.Column('basis', sa.Text(), server_default='{}', nullable=False, comment='JSON: legal basis, document, purpose, retention'),
    sa.Column('undone_at', sa.BigInteger(), nullable=True),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_imports'))
    )
    op.create_table('prices',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), autoincrement=True, nullable=False),
    sa.Column('channel', sa.String(), nullable=False),
    sa.Column('carrier', sa.String(), nullable=True),
    sa.Column('kind', sa.String(), nullable=True),
    sa.Column('valid_from', sa.Date(), nullable=False),
    sa.Column('valid_to', sa.Date(), nullable=True),
    sa.Column('dong', sa.Integer(), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_prices')),
    comment='đồng per part (SMS) or per message (Zalo), by carrier, class and date'
    )
    op.create_table('receipts',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), autoincrement=True, nullable=False),
    sa.Column('gateway', sa.String(), nullable=False),
    sa.Column('at', sa.BigInteger(), nullable=False),
    sa.Column('digest', sa.LargeBinary(), nullable=False),
    sa.Column('sealed', sa.LargeBinary(), nullable=False),
    sa.Column('state', sa.String(), nullable=False, comment='new | matched | unmatched | refused | empty'),
    sa.Column('attempt_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('heard', sa.Integer(), nullable=True),
    sa.Column('code', sa.String(), nullable=True),
    sa.Column('tries', sa.Integer(), server_default='0', nullable=False),
    sa.Column('again_at', sa.BigInteger(), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_receipts')),
    sa.UniqueConstraint('gateway', 'digest', name=op.f('uq_receipts_gateway_digest')),
    comment='the inbox: stored as it came before anything is believed'
    )
    with op.batch_alter_table('receipts', schema=None) as batch_op:
        batch_op.create_index('ix_receipts_waiting', ['again_at'], unique=False, sqlite_where=sa.text("state IN ('new', 'unmatched')"), postgresql_where=sa.text("state IN ('new', 'unmatched')"))

    op.create_table('site',
    sa.Column('name', sa.String(), nullable=False),
    sa.Column('value', sa.Text(), nullable=False),
    sa.PrimaryKeyConstraint('name', name=op.f('pk_site')),
    comment='facts about this database itself: its identity, its epoch'
    )
    op.create_table('templates',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), autoincrement=True, nullable=False),
    sa.Column('name', sa.String(), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_templates')),
    sa.UniqueConstraint('name', name=op.f('uq_templates_name'))
    )
    op.create_table('trail',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), autoincrement=True, nullable=False),
    sa.Column('at', sa.BigInteger(), nullable=False),
    sa.Column('actor', sa.String(), nullable=False),
    sa.Column('act', sa.String(), nullable=False),
    sa.Column('noun', sa.String(), nullable=False),
    sa.Column('noun_id', sa.String(), nullable=False),
    sa.Column('entry', sa.Text(), nullable=False, comment='canonical JSON'),
    sa.Column('salt', sa.LargeBinary(), nullable=False),
    sa.Column('leaf', sa.LargeBinary(), nullable=False),
    sa.Column('seq', sa.BigInteger(), nullable=True, comment='given afterwards by the one sequencer'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_trail')),
    sa.UniqueConstraint('seq', name=op.f('uq_trail_seq'))
    )
    with op.batch_alter_table('trail', schema=None) as batch_op:
        batch_op.create_index('ix_trail_noun', ['noun', 'noun_id'], unique=False)

    op.create_table('vault',
    sa.Column('name', sa.String(), nullable=False),
    sa.Column('sealed', sa.LargeBinary(), nullable=False),
    sa.Column('previous_sealed', sa.LargeBinary(), nullable=True),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.Column('refreshed_at', sa.BigInteger(), nullable=False),
    sa.Column('expires_at', sa.BigInteger(), nullable=True),
    sa.Column('state', sa.String(), nullable=False),
    sa.Column('lease_owner', sa.String(), nullable=True),
    sa.Column('lease_until', sa.BigInteger(), nullable=True),
    sa.PrimaryKeyConstraint('name', name=op.f('pk_vault')),
    comment='rotating credentials'
    )
    op.create_table('workers',
    sa.Column('name', sa.String(), nullable=False),
    sa.Column('host', sa.String(), nullable=False),
    sa.Column('pid', sa.Integer(), nullable=False),
    sa.Column('started_at', sa.BigInteger(), nullable=False),
    sa.Column('seen_at', sa.BigInteger(), nullable=False),
    sa.Column('version', sa.String(), nullable=False),
    sa.PrimaryKeyConstraint('name', name=op.f('pk_workers'))
    )
    op.create_table('area_successors',
    sa.Column('area_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('successor_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('at', sa.Date(), nullable=False),
    sa.Column('note', sa.String(), server_default='', nullable=False),
    sa.ForeignKeyConstraint(['area_id'], ['areas.id'], name=op.f('fk_area_successors_area_id')),
    sa.ForeignKeyConstraint(['successor_id'], ['areas.id'], name=op.f('fk_area_successors_successor_id')),
    sa.PrimaryKeyConstraint('area_id', 'successor_id', name=op.f('pk_area_successors'))
    )
    op.create_table('groups',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), autoincrement=True, nullable=False),
    sa.Column('name', sa.String(), nullable=False),
    sa.Column('key', sa.String(), nullable=False),
    sa.Column('ward_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.ForeignKeyConstraint(['ward_id'], ['areas.id'], name=op.f('fk_groups_ward_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_groups')),
    sa.UniqueConstraint('key', name=op.f('uq_groups_key'))
    )
    op.create_table('households',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), autoincrement=True, nullable=False),
    sa.Column('ward_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('residential_group_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('key', sa.LargeBinary(), nullable=False),
    sa.ForeignKeyConstraint(['residential_group_id'], ['areas.id'], name=op.f('fk_households_residential_group_id')),
    sa.ForeignKeyConstraint(['ward_id'], ['areas.id'], name=op.f('fk_households_ward_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_households')),
    sa.UniqueConstraint('ward_id', 'key', name=op.f('uq_households_ward_id_key'))
    )
    op.create_table('import_changes',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), autoincrement=True, nullable=False),
    sa.Column('import_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('contact_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('what', sa.String(), nullable=False),
    sa.Column('before_sealed', sa.LargeBinary(), nullable=True),
    sa.ForeignKeyConstraint(['import_id'], ['imports.id'], name=op.f('fk_import_changes_import_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_import_changes')),
    comment='what an undo puts back'
    )
    with op.batch_alter_table('import_changes', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_import_changes_import_id'), ['import_id'], unique=False)

    op.create_table('people',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), autoincrement=True, nullable=False),
    sa.Column('name', sa.String(), nullable=False),
    sa.Column('full_name', sa.String(), nullable=False),
    sa.Column('role', sa.String(), nullable=False),
    sa.Column('whole_site', sa.Boolean(), nullable=False),
    sa.Column('position', sa.String(), server_default='', nullable=False, comment='chức vụ'),
    sa.Column('password_hash', sa.String(), nullable=True),
    sa.Column('totp_sealed', sa.LargeBinary(), nullable=True),
    sa.Column('address_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('created_at', sa.BigInteger(), nullable=False),
    sa.Column('disabled_at', sa.BigInteger(), nullable=True),
    sa.ForeignKeyConstraint(['address_id'], ['addresses.id'], name=op.f('fk_people_address_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_people')),
    sa.UniqueConstraint('name', name=op.f('uq_people_name')),
    comment='who may act here'
    )
    op.create_table('reachability',
    sa.Column('address_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('channel', sa.String(), nullable=False),
    sa.Column('reached_at', sa.BigInteger(), nullable=True),
    sa.Column('refused_at', sa.BigInteger(), nullable=True),
    sa.Column('code', sa.String(), nullable=True),
    sa.Column('until', sa.BigInteger(), nullable=True),
    sa.ForeignKeyConstraint(['address_id'], ['addresses.id'], name=op.f('fk_reachability_address_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('address_id', 'channel', name=op.f('pk_reachability')),
    comment='what we learnt about an address on a channel, with dates'
    )
    op.create_table('suppressions',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), autoincrement=True, nullable=False),
    sa.Column('address_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('reason', sa.String(), nullable=False),
    sa.Column('at', sa.BigInteger(), nullable=False),
    sa.Column('by', sa.String(), nullable=False),
    sa.Column('lifted_at', sa.BigInteger(), nullable=True),
    sa.ForeignKeyConstraint(['address_id'], ['addresses.id'], name=op.f('fk_suppressions_address_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_suppressions'))
    )
    with op.batch_alter_table('suppressions', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_suppressions_address_id'), ['address_id'], unique=False)

    op.create_table('template_versions',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), autoincrement=True, nullable=False),
    sa.Column('template_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('digest', sa.String(), nullable=False),
    sa.Column('source', sa.Text(), nullable=False),
    sa.Column('created_at', sa.BigInteger(), nullable=False),
    sa.ForeignKeyConstraint(['template_id'], ['templates.id'], name=op.f('fk_template_versions_template_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_template_versions')),
    sa.UniqueConstraint('template_id', 'digest', name=op.f('uq_template_versions_template_id_digest'))
    )
    op.create_table('contacts',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), autoincrement=True, nullable=False),
    sa.Column('ward_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('residential_group_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('household_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('kind', sa.String(), server_default='person', nullable=False, comment='person | office'),
    sa.Column('name_key', sa.LargeBinary(), nullable=False, comment='keyed hash of ward, residential group and folded name'),
    sa.Column('ordinal', sa.Integer(), server_default='0', nullable=False, comment='tells namesakes in one group apart; their addresses say who is who'),
    sa.Column('name_sealed', sa.LargeBinary(), nullable=False),
    sa.Column('title', sa.String(), server_default='', nullable=False),
    sa.Column('row_sealed', sa.LargeBinary(), nullable=True, comment='columns kept at import, for row.<column>'),
    sa.Column('import_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('source', sa.String(), server_default='', nullable=False, comment='file, sheet'),
    sa.Column('source_row', sa.Integer(), nullable=True),
    sa.Column('created_at', sa.BigInteger(), nullable=False),
    sa.Column('updated_at', sa.BigInteger(), nullable=False),
    sa.Column('removed_at', sa.BigInteger(), nullable=True),
    sa.ForeignKeyConstraint(['household_id'], ['households.id'], name=op.f('fk_contacts_household_id')),
    sa.ForeignKeyConstraint(['import_id'], ['imports.id'], name=op.f('fk_contacts_import_id')),
    sa.ForeignKeyConstraint(['residential_group_id'], ['areas.id'], name=op.f('fk_contacts_residential_group_id')),
    sa.ForeignKeyConstraint(['ward_id'], ['areas.id'], name=op.f('fk_contacts_ward_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_contacts')),
    sa.UniqueConstraint('name_key', 'ordinal', name=op.f('uq_contacts_name_key_ordinal'))
    )
    with op.batch_alter_table('contacts', schema=None) as batch_op:
        batch_op.create_index('ix_contacts_ward', ['ward_id', 'residential_group_id', 'id'], unique=False)

    op.create_table('people_wards',
    sa.Column('person_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('ward_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.ForeignKeyConstraint(['person_id'], ['people.id'], name=op.f('fk_people_wards_person_id'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['ward_id'], ['areas.id'], name=op.f('fk_people_wards_ward_id')),
    sa.PrimaryKeyConstraint('person_id', 'ward_id', name=op.f('pk_people_wards'))
    )
    op.create_table('schedules',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), autoincrement=True, nullable=False),
    sa.Column('name', sa.String(), nullable=False),
    sa.Column('state', sa.String(), nullable=False),
    sa.Column('digest', sa.String(), nullable=False),
    sa.Column('source', sa.Text(), nullable=False),
    sa.Column('reason', sa.String(), nullable=True),
    sa.Column('submitted_by', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('approved_by', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('approved_digest', sa.String(), nullable=True),
    sa.Column('approved_at', sa.BigInteger(), nullable=True),
    sa.Column('ends_at', sa.BigInteger(), nullable=True),
    sa.Column('next_fire_at', sa.BigInteger(), nullable=True),
    sa.ForeignKeyConstraint(['approved_by'], ['people.id'], name=op.f('fk_schedules_approved_by')),
    sa.ForeignKeyConstraint(['submitted_by'], ['people.id'], name=op.f('fk_schedules_submitted_by')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_schedules')),
    sa.UniqueConstraint('name', name=op.f('uq_schedules_name'))
    )
    with op.batch_alter_table('schedules', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_schedules_next_fire_at'), ['next_fire_at'], unique=False)

    op.create_table('broadcasts',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), autoincrement=True, nullable=False),
    sa.Column('title', sa.String(), nullable=False),
    sa.Column('state', sa.String(), nullable=False),
    sa.Column('reason', sa.String(), nullable=True, comment='why held, returned or rejected'),
    sa.Column('mode', sa.String(), nullable=False),
    sa.Column('kind', sa.String(), nullable=False),
    sa.Column('template_version_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('fields', sa.Text(), nullable=False),
    sa.Column('audience', sa.Text(), nullable=False),
    sa.Column('route', sa.Text(), nullable=False),
    sa.Column('senders', sa.Text(), nullable=False),
    sa.Column('document', sa.String(), server_default='', nullable=False),
    sa.Column('window', sa.String(), nullable=False),
    sa.Column('priority', sa.Integer(), server_default='1', nullable=False),
    sa.Column('rather_twice', sa.Boolean(), server_default=sa.text('(false)'), nullable=False),
    sa.Column('at', sa.BigInteger(), nullable=True),
    sa.Column('expires_after', sa.Integer(), nullable=False, comment='seconds'),
    sa.Column('ceiling_people', sa.Integer(), nullable=True),
    sa.Column('ceiling_dong', sa.BigInteger(), nullable=True),
    sa.Column('created_by', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('created_at', sa.BigInteger(), nullable=False),
    sa.Column('submitted_at', sa.BigInteger(), nullable=True),
    sa.Column('approved_by', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('approved_at', sa.BigInteger(), nullable=True),
    sa.Column('approved_digest', sa.String(), nullable=True, comment='what the approval covers, to the letter'),
    sa.Column('schedule_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('correction_of', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('planned_upto', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True, comment='last contact planned; a release goes on from here'),
    sa.Column('released_at', sa.BigInteger(), nullable=True),
    sa.Column('starts_at', sa.BigInteger(), nullable=True),
    sa.Column('expires_at', sa.BigInteger(), nullable=True),
    sa.Column('done_at', sa.BigInteger(), nullable=True),
    sa.Column('drafted_by_system', sa.Boolean(), server_default=sa.text('(false)'), nullable=False),
    sa.CheckConstraint("state IN ('draft', 'submitted', 'returned', 'rejected', 'approved', 'scheduled', 'running', 'paused', 'held', 'done', 'stopped', 'expired', 'missed')", name=op.f('ck_broadcasts_state')),
    sa.ForeignKeyConstraint(['approved_by'], ['people.id'], name=op.f('fk_broadcasts_approved_by')),
    sa.ForeignKeyConstraint(['correction_of'], ['broadcasts.id'], name=op.f('fk_broadcasts_correction_of')),
    sa.ForeignKeyConstraint(['created_by'], ['people.id'], name=op.f('fk_broadcasts_created_by')),
    sa.ForeignKeyConstraint(['schedule_id'], ['schedules.id'], name=op.f('fk_broadcasts_schedule_id')),
    sa.ForeignKeyConstraint(['template_version_id'], ['template_versions.id'], name=op.f('fk_broadcasts_template_version_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_broadcasts'))
    )
    with op.batch_alter_table('broadcasts', schema=None) as batch_op:
        batch_op.create_index('ix_broadcasts_state', ['state'], unique=False)

    op.create_table('contact_addresses',
    sa.Column('contact_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('position', sa.Integer(), nullable=False),
    sa.Column('address_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('note_sealed', sa.LargeBinary(), nullable=True),
    sa.ForeignKeyConstraint(['address_id'], ['addresses.id'], name=op.f('fk_contact_addresses_address_id')),
    sa.ForeignKeyConstraint(['contact_id'], ['contacts.id'], name=op.f('fk_contact_addresses_contact_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('contact_id', 'position', name=op.f('pk_contact_addresses'))
    )
    with op.batch_alter_table('contact_addresses', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_contact_addresses_address_id'), ['address_id'], unique=False)

    op.create_table('group_members',
    sa.Column('group_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('contact_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.ForeignKeyConstraint(['contact_id'], ['contacts.id'], name=op.f('fk_group_members_contact_id'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['group_id'], ['groups.id'], name=op.f('fk_group_members_group_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('group_id', 'contact_id', name=op.f('pk_group_members'))
    )
    with op.batch_alter_table('group_members', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_group_members_contact_id'), ['contact_id'], unique=False)

    op.create_table('broadcast_hands',
    sa.Column('broadcast_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('person_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('act', sa.String(), nullable=False),
    sa.Column('at', sa.BigInteger(), nullable=False),
    sa.ForeignKeyConstraint(['broadcast_id'], ['broadcasts.id'], name=op.f('fk_broadcast_hands_broadcast_id'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['person_id'], ['people.id'], name=op.f('fk_broadcast_hands_person_id')),
    sa.PrimaryKeyConstraint('broadcast_id', 'person_id', 'act', name=op.f('pk_broadcast_hands')),
    comment='who wrote, edited or submitted: none of them may approve'
    )
    op.create_table('broadcast_wards',
    sa.Column('broadcast_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('ward_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.ForeignKeyConstraint(['broadcast_id'], ['broadcasts.id'], name=op.f('fk_broadcast_wards_broadcast_id'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['ward_id'], ['areas.id'], name=op.f('fk_broadcast_wards_ward_id')),
    sa.PrimaryKeyConstraint('broadcast_id', 'ward_id', name=op.f('pk_broadcast_wards'))
    )
    op.create_table('messages',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), autoincrement=True, nullable=False),
    sa.Column('broadcast_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('contact_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('state', sa.String(), nullable=False),
    sa.Column('reason', sa.String(), nullable=True, comment='skip reason, or the fault that ended it'),
    sa.Column('code', sa.String(), nullable=True, comment="the vendor's own word"),
    sa.Column('ward_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('residential_group_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('household_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('carrier', sa.String(), nullable=True),
    sa.Column('kind', sa.String(), nullable=False),
    sa.Column('mode', sa.String(), nullable=False),
    sa.Column('priority', sa.Integer(), nullable=False),
    sa.Column('position', sa.Integer(), server_default='0', nullable=False, comment='current target'),
    sa.Column('gateway', sa.String(), nullable=True, comment='of the current target'),
    sa.Column('tries', sa.Integer(), server_default='0', nullable=False),
    sa.Column('due_at', sa.BigInteger(), nullable=False),
    sa.Column('deadline_at', sa.BigInteger(), nullable=True),
    sa.Column('lease_owner', sa.String(), nullable=True),
    sa.Column('lease_until', sa.BigInteger(), nullable=True),
    sa.Column('through_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True, comment='the message that reached the shared phone'),
    sa.Column('changed_at', sa.BigInteger(), nullable=False),
    sa.CheckConstraint("state IN ('queued', 'sending', 'accepted', 'delivered', 'read', 'failed', 'unconfirmed', 'expired', 'skipped', 'cancelled')", name=op.f('ck_messages_state')),
    sa.ForeignKeyConstraint(['broadcast_id'], ['broadcasts.id'], name=op.f('fk_messages_broadcast_id')),
    sa.ForeignKeyConstraint(['contact_id'], ['contacts.id'], name=op.f('fk_messages_contact_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_messages')),
    sa.UniqueConstraint('broadcast_id', 'contact_id', name=op.f('uq_messages_broadcast_id_contact_id')),
    comment='the queue entry, the delivery record and the receipt in one row'
    )
    with op.batch_alter_table('messages', schema=None) as batch_op:
        batch_op.create_index('ix_messages_contact', ['contact_id'], unique=False)
        batch_op.create_index('ix_messages_deadline', ['deadline_at'], unique=False, sqlite_where=sa.text("state = 'accepted' AND deadline_at IS NOT NULL"), postgresql_where=sa.text("state = 'accepted' AND deadline_at IS NOT NULL"))
        batch_op.create_index('ix_messages_doubt', ['gateway', 'due_at'], unique=False, sqlite_where=sa.text("state = 'sending' AND lease_owner IS NULL"), postgresql_where=sa.text("state = 'sending' AND lease_owner IS NULL"))
        batch_op.create_index('ix_messages_due', ['broadcast_id', 'gateway', 'due_at', 'id'], unique=False, sqlite_where=sa.text("state = 'queued' AND lease_owner IS NULL"), postgresql_where=sa.text("state = 'queued' AND lease_owner IS NULL"))
        batch_op.create_index('ix_messages_lease', ['lease_owner'], unique=False, sqlite_where=sa.text('lease_owner IS NOT NULL'), postgresql_where=sa.text('lease_owner IS NOT NULL'))
        batch_op.create_index('ix_messages_state', ['broadcast_id', 'state', 'residential_group_id'], unique=False)

    op.create_table('occurrences',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), autoincrement=True, nullable=False),
    sa.Column('schedule_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('fire_at', sa.BigInteger(), nullable=False),
    sa.Column('state', sa.String(), nullable=False),
    sa.Column('broadcast_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('by_worker', sa.String(), nullable=True),
    sa.ForeignKeyConstraint(['broadcast_id'], ['broadcasts.id'], name=op.f('fk_occurrences_broadcast_id')),
    sa.ForeignKeyConstraint(['schedule_id'], ['schedules.id'], name=op.f('fk_occurrences_schedule_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_occurrences')),
    sa.UniqueConstraint('schedule_id', 'fire_at', name=op.f('uq_occurrences_schedule_id_fire_at'))
    )
    op.create_table('plan_bodies',
    sa.Column('broadcast_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('step', sa.Integer(), nullable=False),
    sa.Column('scope_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('body_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.ForeignKeyConstraint(['body_id'], ['bodies.id'], name=op.f('fk_plan_bodies_body_id')),
    sa.ForeignKeyConstraint(['broadcast_id'], ['broadcasts.id'], name=op.f('fk_plan_bodies_broadcast_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('broadcast_id', 'step', 'scope_id', name=op.f('pk_plan_bodies')),
    comment='the rendered text per ward, residential group or contact, while a release runs'
    )
    op.create_table('attempts',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), autoincrement=True, nullable=False),
    sa.Column('message_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('broadcast_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('position', sa.Integer(), nullable=False),
    sa.Column('gateway', sa.String(), nullable=False),
    sa.Column('channel', sa.String(), nullable=False),
    sa.Column('reference', sa.String(), nullable=False),
    sa.Column('call_ref', sa.String(), nullable=False),
    sa.Column('state', sa.String(), nullable=False),
    sa.Column('heard', sa.Integer(), server_default='0', nullable=False, comment='bits of model.Heard'),
    sa.Column('fault', sa.String(), nullable=True),
    sa.Column('code', sa.String(), nullable=True),
    sa.Column('detail', sa.String(), nullable=True),
    sa.Column('provider_id', sa.String(), nullable=True),
    sa.Column('parts', sa.Integer(), nullable=True),
    sa.Column('cost', sa.Integer(), nullable=True),
    sa.Column('asks', sa.Integer(), server_default='1', nullable=False),
    sa.Column('asked_at', sa.BigInteger(), nullable=False, comment='first time on the wire'),
    sa.Column('answered_at', sa.BigInteger(), nullable=True),
    sa.Column('heard_at', sa.BigInteger(), nullable=True),
    sa.Column('heard_code', sa.String(), nullable=True),
    sa.ForeignKeyConstraint(['message_id'], ['messages.id'], name=op.f('fk_attempts_message_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_attempts')),
    sa.UniqueConstraint('reference', name=op.f('uq_attempts_reference')),
    comment='one submission; asked again with the same reference it stays one'
    )
    with op.batch_alter_table('attempts', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_attempts_call_ref'), ['call_ref'], unique=False)
        batch_op.create_index(batch_op.f('ix_attempts_message_id'), ['message_id'], unique=False)
        batch_op.create_index('ix_attempts_provider', ['gateway', 'provider_id'], unique=False, sqlite_where=sa.text('provider_id IS NOT NULL'), postgresql_where=sa.text('provider_id IS NOT NULL'))

    op.create_table('targets',
    sa.Column('message_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('position', sa.Integer(), nullable=False, comment='step * 16 + which of the addresses'),
    sa.Column('broadcast_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('step', sa.Integer(), nullable=False),
    sa.Column('channel', sa.String(), nullable=False),
    sa.Column('gateway', sa.String(), nullable=False),
    sa.Column('address_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('body_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.ForeignKeyConstraint(['address_id'], ['addresses.id'], name=op.f('fk_targets_address_id')),
    sa.ForeignKeyConstraint(['body_id'], ['bodies.id'], name=op.f('fk_targets_body_id')),
    sa.ForeignKeyConstraint(['message_id'], ['messages.id'], name=op.f('fk_targets_message_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('message_id', 'position', name=op.f('pk_targets')),
    sa.UniqueConstraint('broadcast_id', 'channel', 'address_id', name=op.f('uq_targets_broadcast_id_channel_address_id')),
    comment='per step the address and the text, frozen at release',
    sqlite_with_rowid=False
    )

