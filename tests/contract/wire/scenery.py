"""Tables, functions and policies for tests of the wire, and the servers that serve them.

Nothing here is ChatDesk's schema: the wire has to be right for any.
"""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest_asyncio

from tests.support.postgres import Clusters, clusters, empty_database
from tests.support.server import Wire, serving

__all__ = ["SCENERY", "clusters", "wire"]

SCENERY = """
create table public.notes (
    id uuid primary key default gen_random_uuid(),
    owner uuid default auth.uid(),
    title text not null,
    body text,
    number integer,
    price numeric(8, 2),
    flag boolean,
    at timestamptz,
    extra jsonb
);
create unique index notes_title on public.notes (title);
alter table public.notes enable row level security;
grant select, insert, update, delete on public.notes to authenticated;
create policy own on public.notes for all to authenticated
    using (owner = (select auth.uid())) with check (owner = (select auth.uid()));

create table public.remarks (
    id bigint generated always as identity primary key,
    note uuid references public.notes,
    text text
);
grant select, insert on public.remarks to authenticated;
create table public.hidden (id integer primary key);
create table public."Odd ""name" ("a b" integer, "select" text);
grant select, insert on public."Odd ""name" to authenticated;

create function public.echo(p_text text, p_number integer default 7, p_extra jsonb default null) returns jsonb
language sql as $$ select jsonb_build_object('text', p_text, 'number', p_number, 'extra', p_extra) $$;
create function public.who_am_i() returns text language sql stable as
$$ select auth.uid()::text || current_user $$;
create function public.add(a integer, b integer) returns integer language sql as $$ select a + b $$;
create function public.numbers(p_count integer) returns setof integer
language sql as $$ select generate_series(1, p_count) $$;
create function public.my_notes() returns setof public.notes
language sql stable as $$ select * from public.notes order by title $$;
create function public.nothing() returns void language sql as $$ select $$;
create function public.fail_with(p_state text) returns void language plpgsql as $$
begin
    raise exception 'failed as told' using errcode = p_state, detail = 'a detail', hint = 'a hint';
end
$$;
create function public.twice(p_a integer) returns integer language sql as $$ select 1 $$;
create function public.twice(p_a text) returns integer language sql as $$ select 2 $$;
create function public.say(p_topic text, p_event text, p_payloads jsonb) returns integer
language plpgsql security definer set search_path = '' as $$
declare
    one jsonb;
begin
    for one in select * from jsonb_array_elements(p_payloads) loop
        perform realtime.send(one, p_event, p_topic, true);
    end loop;
    return jsonb_array_length(p_payloads);
end
$$;

create schema rooms;
grant usage on schema rooms to authenticated;
create table rooms.rights (topic text, user_id uuid, extension text, speak boolean);
grant select on rooms.rights to authenticated;
create policy hear on realtime.messages for select to authenticated using (exists (
    select from rooms.rights r
    where r.topic = (select realtime.topic()) and r.user_id = (select auth.uid())
      and r.extension = messages.extension
));
create policy say on realtime.messages for insert to authenticated with check (exists (
    select from rooms.rights r
    where r.topic = (select realtime.topic()) and r.user_id = (select auth.uid())
      and r.extension = messages.extension
      and r.speak
));

insert into storage.buckets (id, name, public, file_size_limit, allowed_mime_types)
values ('papers', 'papers', false, 1000, array['text/plain', 'image/*']);
create policy papers on storage.objects for all to authenticated
    using (bucket_id = 'papers' and (storage.foldername(name))[1] = (select auth.uid())::text)
    with check (bucket_id = 'papers' and (storage.foldername(name))[1] = (select auth.uid())::text);
"""


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def wire(clusters: Clusters) -> AsyncIterator[Wire]:
    """One server for a module, on PostgreSQL 18."""
    async with empty_database(clusters.get(18), template="chatdesk_template") as database:
        await (await database.admin()).execute(SCENERY)
        async with serving(database) as made:
            yield made
