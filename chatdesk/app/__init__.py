"""The composition root: the only room that knows every other one.

Lives here: what makes the parts and joins them: accounts, connections, the window's wiring, the demo.
May enter: ``chatdesk.cli``.
Never here: rules. A decision found here belongs on a floor below.
"""
