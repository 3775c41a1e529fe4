"""The migrations, unmodified, on PostgreSQL 18 and 15, as a hosted project would run them."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import asyncpg
import pytest

from chatdesk.app.schema_script import schema_script
from chatdesk.backend.check import SCHEMA_VERSION
from chatdesk.localbackend import schema
from tests.support.postgres import MIGRATIONS, Clusters, Database, empty_database, new_id

BOTH = pytest.mark.parametrize("version", [18, 15])


async def installed(database: Database, migrations: Path = MIGRATIONS) -> tuple[str, ...]:
    return await schema.install(await database.admin(), await database.as_role("postgres"), migrations)


async def rights(database: Database) -> list[tuple[object, ...]]:
    """Every right that anybody but the owner has on a table, function or schema of ours."""
    rows = await (await database.admin()).fetch(
        """
        select 'table' as what, c.oid::regclass::text as name, acl.grantee::regrole::text, acl.privilege_type
        from pg_class c cross join lateral aclexplode(c.relacl) acl
        where c.relnamespace in ('public'::regnamespace, 'private'::regnamespace)
          and c.relkind in ('r', 'p', 'v', 'm', 'S') and acl.grantee <> c.relowner
        union all
        select 'function', p.oid::regprocedure::text, acl.grantee::regrole::text, acl.privilege_type
        from pg_proc p cross join lateral aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) acl
        where p.pronamespace in ('public'::regnamespace, 'private'::regnamespace)
          and acl.grantee <> p.proowner
        union all
        select 'schema', n.nspname, acl.grantee::regrole::text, acl.privilege_type
        from pg_namespace n cross join lateral aclexplode(n.nspacl) acl
        where n.nspname = 'private' and acl.grantee <> n.nspowner
        order by 1, 2, 3, 4
        """
    )
    return [tuple(row) for row in rows]


@BOTH
async def test_run_as_they_are_and_only_once(clusters: Clusters, version: int) -> None:
    async with empty_database(clusters.get(version)) as database:
        names = tuple(path.name for path in sorted(MIGRATIONS.glob("*.sql")))
        assert await installed(database) == names
        assert await installed(database) == ()
        postgres = await database.as_role("postgres")
        history = await postgres.fetch(
            "select version, name, statements from supabase_migrations.schema_migrations order by version"
        )
        assert [f"{row['version']}_{row['name']}.sql" for row in history] == list(names)
        assert [row["statements"][0] for row in history] == [
            (MIGRATIONS / name).read_text("utf-8") for name in names
        ]
        assert (await postgres.fetchrow("select rolsuper, rolbypassrls from pg_roles where rolname = user"))[
            "rolsuper"
        ] is False
        foreign = await postgres.fetch(
            """
            select c.oid::regclass from pg_class c where c.relowner <> 'postgres'::regrole
              and c.relnamespace in ('public'::regnamespace, 'private'::regnamespace)
            """
        )
        assert foreign == []


@BOTH
async def test_whether_anything_is_due_is_one_question(
    clusters: Clusters, version: int, tmp_path: Path
) -> None:
    for path in sorted(MIGRATIONS.glob("*.sql"))[:-1]:
        (tmp_path / path.name).write_text(path.read_text("utf-8"), "utf-8")
    async with empty_database(clusters.get(version)) as database:
        admin = await database.admin()
        assert not await schema.is_current(admin, MIGRATIONS)
        await schema.bootstrap(admin)
        assert not await schema.is_current(admin, MIGRATIONS)
        await installed(database, tmp_path)
        assert not await schema.is_current(admin, MIGRATIONS)
        assert await schema.is_current(admin, tmp_path)
        await installed(database)
        asked: list[str] = []
        with admin.query_logger(lambda query: asked.append(query.query)):
            assert await schema.is_current(admin, MIGRATIONS)
            await asyncio.sleep(0)  # the logger is told a turn later
        assert len(asked) == 1
        assert await schema.is_current(admin, tmp_path), "one that is newer than we are"
        for broken in (
            "schema realtime rename to elsewhere",
            "table auth.mails rename to letters",
            "function realtime.announce_row() rename to tell",
        ):
            trial = admin.transaction()
            await trial.start()
            await admin.execute(f"alter {broken}")
            assert not await schema.is_current(admin, MIGRATIONS)
            await trial.rollback()


@BOTH
async def test_two_installers_at_once_install_once(clusters: Clusters, version: int) -> None:
    async with empty_database(clusters.get(version)) as database:
        pairs = [(await database.connect(), await database.connect("postgres")) for _ in range(2)]
        answers = await asyncio.gather(*(schema.install(admin, own, MIGRATIONS) for admin, own in pairs))
        assert sorted(sum(answers, ())) == [path.name for path in sorted(MIGRATIONS.glob("*.sql"))]


@BOTH
async def test_a_refused_file_leaves_nothing_behind(clusters: Clusters, version: int, tmp_path: Path) -> None:
    (tmp_path / "0001_good.sql").write_text("create table public.kept (id int);", "utf-8")
    bad = tmp_path / "0002_bad.sql"
    bad.write_text("create table public.half (id int); select nonsense;", "utf-8")
    async with empty_database(clusters.get(version)) as database:
        with pytest.raises(schema.SchemaFailed, match=r"0002_bad\.sql .*nonsense"):
            await installed(database, tmp_path)
        admin = await database.admin()
        assert await admin.fetchval("select to_regclass('public.kept') is not null")
        assert await admin.fetchval("select to_regclass('public.half') is null")
        bad.write_text("create table public.half (id int);", "utf-8")
        assert await installed(database, tmp_path) == ("0002_bad.sql",)


@BOTH
async def test_the_script_for_a_project_does_the_same_however_often_it_runs(
    clusters: Clusters, version: int, tmp_path: Path
) -> None:
    first = sorted(MIGRATIONS.glob("*.sql"))[:-1]
    for path in first:
        (tmp_path / path.name).write_text(path.read_text("utf-8"), "utf-8")
    async with empty_database(clusters.get(version)) as project, empty_database(clusters.get(version)) as own:
        await installed(own)
        await schema.bootstrap(await project.admin())
        editor = await project.as_role("postgres")
        await editor.execute(schema_script(tmp_path))  # an older ChatDesk's
        for _ in range(2):
            await editor.execute(schema_script())
        assert await rights(project) == await rights(own)
        person = await project.sign_up()
        assert await person.call("schema_version") == SCHEMA_VERSION
        assert await installed(project) == (), "the record is the one that everybody keeps"


def test_the_client_asks_for_the_last_file() -> None:
    assert int(sorted(MIGRATIONS.glob("*.sql"))[-1].name[:4]) == SCHEMA_VERSION


def test_names_are_checked(tmp_path: Path) -> None:
    with pytest.raises(schema.SchemaFailed, match="no migrations"):
        schema.migrations_in(tmp_path)
    (tmp_path / "0001_one.sql").touch()
    (tmp_path / "0001_two.sql").touch()
    with pytest.raises(schema.SchemaFailed, match="same number"):
        schema.migrations_in(tmp_path)
    (tmp_path / "0001_two.sql").rename(tmp_path / "two.sql")
    with pytest.raises(schema.SchemaFailed, match="not named like"):
        schema.migrations_in(tmp_path)


@BOTH
async def test_a_project_that_grants_everything_by_default_ends_with_the_same_rights(
    clusters: Clusters, version: int
) -> None:
    async with empty_database(clusters.get(version)) as strict, empty_database(clusters.get(version)) as lax:
        await installed(strict)
        await schema.bootstrap(await lax.admin())
        await (await lax.admin()).execute(
            """
            alter default privileges for role postgres in schema public
                grant all on tables to anon, authenticated, service_role;
            alter default privileges for role postgres in schema public
                grant all on functions to anon, authenticated, service_role;
            """
        )
        await installed(lax)
        assert await rights(lax) == await rights(strict)


@BOTH
async def test_an_older_back_end_learns_the_ways_in(clusters: Clusters, version: int) -> None:
    tables = ("mails", "identities", "flow_states", "one_time_tokens")
    async with empty_database(clusters.get(version)) as database:
        admin = await database.admin()
        await schema.bootstrap(admin)
        await database.sign_up()
        await admin.execute(f"drop table {', '.join(f'auth.{name}' for name in tables)}")
        await admin.execute("alter table auth.users drop column email_change")
        for _ in range(2):
            await schema.bootstrap(admin)
        owners = await admin.fetch("select tableowner from pg_tables where tablename = any($1)", list(tables))
        assert [row[0] for row in owners] == ["supabase_auth_admin"] * len(tables)
        assert await admin.fetchval("select count(email_change) = 0 and count(*) = 1 from auth.users")
        # Nobody reads codes and mails through the REST service, nor as the projects' own role.
        for role in ("anon", "authenticated", "service_role", "postgres"):
            for name in tables:
                assert not await admin.fetchval(
                    "select has_table_privilege($1, $2, 'select')", role, f"auth.{name}"
                )


@BOTH
async def test_people_who_were_there_before_get_a_profile(clusters: Clusters, version: int) -> None:
    async with empty_database(clusters.get(version)) as database:
        await schema.bootstrap(await database.admin())
        auth = await database.as_role("supabase_auth_admin")
        traits = [{"username": "ann"}, {"username": "ann"}, {"name": "Bo"}, {}]
        for number, one in enumerate(traits):
            await auth.execute(
                "insert into auth.users (id, email, raw_user_meta_data) values ($1, $2, $3)",
                new_id(),
                f"{number}@example.org",
                json.dumps(one),
            )
        await installed(database)
        rows = await (await database.admin()).fetch(
            "select p.username, p.display_name, c.revision from public.profiles p"
            " join private.user_counters c on c.user_id = p.id order by p.username nulls last, p.display_name"
        )
        assert len(rows) == 4
        assert [row["revision"] for row in rows] == [1] * 4
        assert rows[0]["username"] == "ann"
        assert rows[1]["username"].startswith("ann_")
        assert [row["display_name"] for row in rows[2:]] == ["", "Bo"]


@BOTH
async def test_the_owner_of_the_schema_cannot_touch_what_belongs_to_others(
    clusters: Clusters, version: int
) -> None:
    """The bootstrap is as strict as the hosted service, so a migration that passes here passes there."""
    async with empty_database(clusters.get(version)) as database:
        await installed(database)
        postgres = await database.as_role("postgres")
        for statement in (
            "create table realtime.mine (id int)",
            "alter table realtime.messages add column mine int",
            "create index on realtime.messages (topic)",
            "alter table auth.users add column mine int",
            "create function auth.mine() returns int language sql as 'select 1'",
            "alter table storage.objects disable row level security",
            "create extension dblink",
            "set role supabase_admin",
        ):
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await postgres.execute(statement)


async def test_the_version_is_told_to_who_is_signed_in(any_database: Database) -> None:
    person = await any_database.sign_up()
    assert await person.call("schema_version") == SCHEMA_VERSION
