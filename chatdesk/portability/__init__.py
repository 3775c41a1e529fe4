"""Conversations as files: what is written, and what is read from files that nobody can vouch for.

Lives here: the formats, the reading of foreign exports, file names, the file that is whole or not there.
May enter: services and the composition root.
Never here: Qt, the network, the store; whoever calls brings rows and takes rows away.
"""
