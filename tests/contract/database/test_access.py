"""Who may do what to which table: every table of the catalogue, every verb, every kind of caller."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import asyncpg
import pytest

from tests.support.postgres import Database, Person, new_id

CALLERS = ("anon", "member", "stranger", "nobody")
VERBS = ("select", "insert", "update", "delete")


@dataclass(frozen=True)
class Access:
    """What callers may do to a table; whatever is not named is refused.

    The values are SQL conditions for the rows that a signed-in caller may reach, with $1 for the caller's id;
    'false' means that the hosted service grants the verb and no policy lets anything through. An insert
    is rows: those that the policies let in for a signed-in caller, and those that they refuse.
    """

    select: str | None = None
    update: str | None = None
    delete: str | None = None
    inserts_allowed: tuple[str, ...] = ()
    inserts_refused: tuple[str, ...] = ()
    roles: tuple[str, ...] = field(default=("authenticated",))


MY_CONVERSATIONS = (
    "select m.conversation_id from public.conversation_members m join public.conversations c"
    " on c.id = m.conversation_id and c.deleted_at is null where m.user_id = $1"
)
SEEN_FILES = (
    "bucket_id = 'attachments' and split_part(name, '/', 1) in"
    f" (select id::text from ({MY_CONVERSATIONS}) as c(id))"
)
OWN_FILES = "bucket_id = 'attachments' and owner_id = $1::text"
MY_CIRCLE = (
    f"select $1 union select user_id from public.conversation_members where conversation_id in"
    f" ({MY_CONVERSATIONS})"
)
FOLDER = "split_part(name, '/', 1)"
REFUSED = Access()
EVERYBODY = ("authenticated", "anon")
# The one list of what is allowed. A new table without an entry fails the test.
EXPECTED: dict[str, Access] = {
    "public.profiles": Access(select=f"id in ({MY_CIRCLE})"),
    "public.conversations": Access(select=f"id in ({MY_CONVERSATIONS})"),
    "public.conversation_members": Access(select=f"user_id = $1 and conversation_id in ({MY_CONVERSATIONS})"),
    "public.messages": Access(select=f"conversation_id in ({MY_CONVERSATIONS})"),
    "public.generations": Access(select=f"conversation_id in ({MY_CONVERSATIONS})"),
    "public.user_changes": Access(select="user_id = $1"),
    "public.provider_settings": Access(select="user_id = $1"),
    "private.user_counters": REFUSED,
    "private.invites": REFUSED,
    "private.barred": REFUSED,
    "auth.users": REFUSED,
    "auth.sessions": REFUSED,
    "auth.flow_states": REFUSED,
    "auth.identities": REFUSED,
    "auth.mails": REFUSED,
    "auth.one_time_tokens": REFUSED,
    "auth.refresh_tokens": REFUSED,
    "supabase_migrations.schema_migrations": REFUSED,
    "realtime.messages": Access(
        select="false",
        update="false",
        inserts_refused=("(topic, extension) values ('user:' || '{me}', 'broadcast')",),
        roles=EVERYBODY,
    ),
    "realtime.messages (one day)": REFUSED,
    "storage.buckets": Access(
        select="false",
        update="false",
        delete="false",
        inserts_refused=("(id, name) values ('mine', 'mine')",),
        roles=EVERYBODY,
    ),
    "storage.objects": Access(
        select=f"(bucket_id = 'avatars' and {FOLDER} in (select id::text from ({MY_CIRCLE}) as c(id)))"
        f" or ({SEEN_FILES}) or ({OWN_FILES})",
        update=f"(bucket_id = 'avatars' and {FOLDER} = $1::text) or ({OWN_FILES})",
        delete=f"(bucket_id = 'avatars' and {FOLDER} = $1::text) or ({OWN_FILES})",
        inserts_allowed=("(bucket_id, name) values ('avatars', '{me}/new.png')",),
        inserts_refused=(
            "(bucket_id, name) values ('avatars', '{other}/new.png')",
            "(bucket_id, name) values ('avatars', 'new.png')",
            "(bucket_id, name) values ('avatars', '{me}')",
            "(bucket_id, name) values ('other', '{me}/new.png')",
            "(bucket_id, name, owner_id) values ('attachments', '{other}/{other}/0.png', '{me}')",
        ),
        roles=EVERYBODY,
    ),
}


@dataclass(frozen=True)
class Scene:
    """A member with a conversation shared with a friend, a stranger with their own, and rows everywhere."""

    database: Database
    member: Person
    stranger: Person

    def caller_id(self, caller: str) -> str | None:
        return {"member": self.member.id, "stranger": self.stranger.id}.get(caller)

    @asynccontextmanager
    async def acting_as(self, caller: str) -> AsyncIterator[asyncpg.Connection]:
        connection = await self.database.as_role("authenticator")
        transaction = connection.transaction()
        await transaction.start()
        try:
            role = "anon" if caller == "anon" else "authenticated"
            claims = {"role": role} | ({"sub": self.caller_id(caller)} if self.caller_id(caller) else {})
            await connection.execute(f"set local role {role}")
            await connection.execute("select set_config('request.jwt.claims', $1, true)", json.dumps(claims))
            yield connection
        finally:
            await transaction.rollback()

    async def rows(self, connection: asyncpg.Connection, statement: str, *values: object) -> set[str]:
        return {row[0] for row in await connection.fetch(statement, *values)}


async def make_scene(database: Database) -> Scene:
    member = await database.sign_up(display_name="Member")
    friend = await database.sign_up(display_name="Friend")
    stranger = await database.sign_up(display_name="Stranger")
    for person in (member, stranger):
        conversation = await person.new_conversation()
        message = new_id()
        path = f"{conversation}/{message}/0.png"
        file = {"name": "a.png", "path": path, "media_type": "image/png", "size": 1}
        asked = await person.send(conversation, "secret", p_id=message, p_attachments=[file])
        await (await database.admin()).execute(
            "insert into storage.objects (bucket_id, name, owner_id) values ('attachments', $1, $2)",
            path,
            person.id,
        )
        settings = {"kind": "custom", "name": "Mine", "base_url": "http://localhost/v1", "models": ["m"]}
        await person.call("save_provider", p_id=new_id(), p_settings=settings)
        await person.call(
            "claim_generation",
            p_id=new_id(),
            p_message_id=new_id(),
            p_reply_to=asked["message"]["id"],
            p_attempt=0,
            p_holder=new_id(),
            p_model="m",
        )
        await person.call(
            "invite_person",
            p_id=new_id(),
            p_conversation_id=conversation,
            p_to="a@example.org",
            p_role="editor",
        )
        if person is member:
            await member.add(conversation, friend)
        else:
            gone = await person.new_conversation()
            await person.add(gone, member)
            await person.call("delete_conversation", p_id=gone)
    admin = await database.admin()
    await admin.execute("insert into storage.buckets (id, name) values ('other', 'other')")
    for person in (member, friend, stranger):
        await admin.execute(
            "insert into storage.objects (bucket_id, name) values ('avatars', $1)", f"{person.id}/a"
        )
        await admin.execute(
            "insert into storage.objects (bucket_id, name) values ('other', $1)", f"{person.id}/a"
        )
        await admin.execute("insert into auth.sessions (user_id) values ($1)", person.id)
    return Scene(database, member, stranger)


async def tables(database: Database) -> dict[str, str]:
    """Every table and view that is not PostgreSQL's own, by the name it has in EXPECTED."""
    rows = await (await database.admin()).fetch(
        """
        select n.nspname || '.' || c.relname as name, c.relispartition as part
        from pg_class c join pg_namespace n on n.oid = c.relnamespace
        where c.relkind in ('r', 'p', 'v', 'm', 'f')
          and n.nspname not in ('pg_catalog', 'information_schema') and n.nspname !~ '^pg_toast'
        """
    )
    return {"realtime.messages (one day)" if row["part"] else row["name"]: row["name"] for row in rows}


async def test_every_table_is_in_the_list(any_database: Database) -> None:
    assert set(await tables(any_database)) == set(EXPECTED)


@pytest.mark.parametrize("caller", CALLERS)
async def test_every_verb_on_every_table(any_database: Database, caller: str) -> None:
    scene = await make_scene(any_database)
    admin = await any_database.admin()
    me, role = scene.caller_id(caller), "anon" if caller == "anon" else "authenticated"
    found: dict[tuple[str, str], object] = {}
    wanted: dict[tuple[str, str], object] = {}
    for entry, table in sorted((await tables(any_database)).items()):
        access = EXPECTED[entry]
        column = await admin.fetchval(
            "select attname from pg_attribute where attrelid = $1::text::regclass and attnum > 0"
            " and attidentity = '' and attgenerated = '' order by attnum limit 1",
            table,
        )
        statements = {
            "select": f"select tableoid || ' ' || ctid::text from {table}",
            "update": f"update {table} set {column} = {column}",
            "delete": f"delete from {table}",
        }
        for verb in ("select", "update", "delete"):
            condition = getattr(access, verb)
            if condition is None or role not in access.roles:
                wanted[table, verb] = "refused"
            elif verb == "select":
                query = f"{statements['select']} where $1::uuid is not null and ({condition})"
                wanted[table, verb] = await scene.rows(admin, query, me)
            else:
                query = f"select count(*) from {table} where $1::uuid is not null and ({condition})"
                wanted[table, verb] = await admin.fetchval(query, me)
            async with scene.acting_as(caller) as connection:
                try:
                    if verb == "select":
                        found[table, verb] = await scene.rows(connection, statements[verb])
                    else:
                        status = await connection.execute(statements[verb])
                        found[table, verb] = int(status.split()[-1])
                except asyncpg.InsufficientPrivilegeError:
                    found[table, verb] = "refused"
    assert found == wanted
    if caller == "member":  # the scene is worth something: there is something to see, and something to hide
        seen = found["public.messages", "select"]
        assert isinstance(seen, set)
        assert 0 < len(seen) < await admin.fetchval("select count(*) from public.messages")


@pytest.mark.parametrize("caller", CALLERS)
async def test_insert_into_every_table(any_database: Database, caller: str) -> None:
    scene = await make_scene(any_database)
    names = {"me": scene.caller_id(caller) or new_id(), "other": new_id()}
    if caller == "member":
        names["other"] = scene.stranger.id
    for entry, table in sorted((await tables(any_database)).items()):
        access = EXPECTED[entry]
        allowed = access.inserts_allowed if scene.caller_id(caller) else ()
        refused = access.inserts_refused + (() if allowed else access.inserts_allowed) or ("default values",)
        for rows in allowed:
            async with scene.acting_as(caller) as connection:
                await connection.execute(f"insert into {table} {rows.format(**names)}")
        for rows in refused:
            async with scene.acting_as(caller) as connection:
                with pytest.raises(asyncpg.InsufficientPrivilegeError):
                    await connection.execute(f"insert into {table} {rows.format(**names)}")


async def test_nobody_but_the_signed_in_can_call_anything(any_database: Database) -> None:
    admin = await any_database.admin()
    calls = await admin.fetch(
        """
        select p.oid::regprocedure::text as name, n.nspname as schema, p.proname as short,
            p.prosecdef as definer, coalesce(p.proconfig, '{}') as config,
            (select array_agg(distinct coalesce(nullif(a.grantee, 0)::regrole::text, 'PUBLIC'))
             from aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) a
             where a.grantee <> p.proowner) as grantees
        from pg_proc p join pg_namespace n on n.oid = p.pronamespace
        where n.nspname in ('public', 'private')
        """
    )
    public = {row["short"] for row in calls if row["schema"] == "public"}
    assert len(public) == 34
    asked_by_policies = {"is_member", "knows", "avatar_owner", "topic_allows"} | {
        "may_write_attachment",
        "may_read_attachment",
    }
    for row in calls:
        assert 'search_path=""' in row["config"], row["name"]
        if row["short"] == "schema_state":
            # Asked before anybody signs in; schema private is not for those who are not.
            assert row["definer"], row["name"]
            assert row["grantees"] == ["anon", "authenticated"], row["name"]
        elif row["schema"] == "public":
            assert not row["definer"], row["name"]
            assert row["grantees"] == ["authenticated"], row["name"]
        elif row["short"] in public | asked_by_policies:
            assert row["grantees"] == ["authenticated"], row["name"]
        else:
            assert row["grantees"] is None, row["name"]


async def test_the_catalogue_is_clean(any_database: Database) -> None:
    admin = await any_database.admin()
    ours = "('public'::regnamespace, 'private'::regnamespace)"
    unguarded = await admin.fetch(
        f"select oid::regclass from pg_class where relnamespace in {ours} and relkind in ('r', 'p')"
        " and not relrowsecurity"
    )
    assert unguarded == []
    lax_views = await admin.fetch(
        f"select oid::regclass from pg_class where relnamespace in {ours} and relkind in ('v', 'm')"
        " and not coalesce(reloptions, '{}') && array['security_invoker=true', 'security_invoker=on']"
    )
    assert lax_views == []
    granted = await admin.fetch(
        f"""
        select distinct a.grantee::regrole::text || ' ' || a.privilege_type as one
        from pg_class c cross join lateral aclexplode(c.relacl) a
        where c.relnamespace in {ours} and c.relkind <> 'i' and a.grantee <> c.relowner
        """
    )
    assert [row["one"] for row in granted] == ["authenticated SELECT"]
    unindexed = await admin.fetch(
        """
        select c.conrelid::regclass, c.conname from pg_constraint c
        where c.contype = 'f' and c.connamespace = 'public'::regnamespace and not exists (
            select from pg_index i where i.indrelid = c.conrelid and c.conkey[1] = any (i.indkey::int2[]))
        """
    )
    assert unindexed == []


async def call_without_a_person(connection: asyncpg.Connection, call: str) -> None:
    async with connection.transaction():
        await connection.execute("set local role authenticated")
        await connection.execute("select set_config('request.jwt.claims', '{}', true)")
        await connection.fetchval(f"select public.{call}")


async def test_anon_reaches_no_call_and_a_token_without_a_person_is_refused(any_database: Database) -> None:
    person = await any_database.sign_up()
    conversation = await person.new_conversation()
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        async with person.session(role="anon") as connection:
            await connection.fetchval("select public.pull_changes(0)")
    connection = await any_database.as_role("authenticator")
    for call in (
        "ensure_profile()",
        "update_profile('{}')",
        f"create_conversation('{new_id()}', 't')",
        f"update_conversation('{conversation}', '{{}}')",
        f"delete_conversation('{conversation}')",
        f"update_membership('{conversation}', '{{}}')",
        f"send_message('{new_id()}', '{conversation}', null, 'user', 'x')",
        f"save_provider('{new_id()}', '{{}}')",
        f"delete_provider('{new_id()}')",
        f"invite_person('{new_id()}', '{conversation}', 'somebody', 'editor')",
        f"create_link('{new_id()}', '{conversation}', 'editor', '{'0' * 64}', 1)",
        f"revoke_invite('{new_id()}')",
        f"accept_invite('{new_id()}')",
        f"decline_invite('{new_id()}')",
        "join_by_link('x')",
        f"set_member_role('{conversation}', '{new_id()}', 'viewer')",
        f"remove_member('{conversation}', '{new_id()}')",
        f"hand_over('{conversation}', '{new_id()}')",
        "pull_changes(0)",
        f"pull_messages('{conversation}', 0)",
        f"page_messages('{conversation}')",
        f"reap_generations('{conversation}')",
    ):
        with pytest.raises(asyncpg.InsufficientPrivilegeError, match="Sign in first"):
            await call_without_a_person(connection, call)
