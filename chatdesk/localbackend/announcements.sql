-- How the server hears of a broadcast. Run once by supabase_admin after bootstrap.sql, which may have been long ago:
-- the first back ends announced the id alone, and the server read every row.
--
-- Now the row travels with the announcement: a line with what the server needs to know, then the payload as it is.
-- NOTIFY carries less than 8,000 bytes; of a longer one, and of what is no broadcast, only the id travels, and the
-- server reads the row after the commit.

create function realtime.announce_row() returns trigger language plpgsql security definer set search_path = '' as $$
declare
    told text := new.id::text;
    whole text;
begin
    if new.extension = 'broadcast' and new.private then
        whole := pg_catalog.json_build_array(new.id, new.inserted_at, new.topic, new.event)::text
            || E'\n' || coalesce(new.payload::text, '{}');
        if pg_catalog.octet_length(whole) < 8000 then
            told := whole;
        end if;
    end if;
    perform pg_catalog.pg_notify('realtime_messages', told);
    return null;
end
$$;
revoke execute on function realtime.announce_row() from public;

drop trigger if exists announce on realtime.messages;
drop function if exists realtime.announce();
create trigger announce after insert on realtime.messages for each row execute function realtime.announce_row();
