"""``/rest/v1``: the part of PostgREST that ChatDesk speaks, over PostgreSQL's own row-level security.

Lives here: the query grammar, the catalogue of tables and functions, the SQL that is made of them.
May enter: chatdesk.localbackend.application.
Never here: rules about who may see what; those are policies in the database.
"""
