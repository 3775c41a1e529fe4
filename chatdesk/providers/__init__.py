"""Who can answer a message.

Lives here: the provider port and its adapters; the only door to the OpenAI SDK.
May enter: services (the port) and the composition root.
Never here: Qt, leases, storage.
"""
