"""What a person sees and touches.

Lives here: windows, views, delegates, dialogs, actions, the look.
May enter: the composition root.
Never here: awaiting, SQL, the network; a widget calls a service and is told by a signal.
"""
