"""Measures of ChatDesk beside a floor and a peer, in one run: ``python -m benchmarks``.

What lives here: one small module per measure (``measures``), the bare programs they are compared with
(``floor``: raw PostgreSQL, a websocket and a hand-painted window; ``peer``: a web page with supabase-js), the
arithmetic, the budget, the report. May enter: everything, as the tests do. Never here: what ChatDesk needs.
"""
