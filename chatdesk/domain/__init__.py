"""What ChatDesk talks about: types, ordering and errors.

Lives here: frozen value types and the rules that need nothing but the standard library.
May enter: every floor.
Never here: Qt, SQL, sockets, clocks read directly, anything that awaits.
"""
