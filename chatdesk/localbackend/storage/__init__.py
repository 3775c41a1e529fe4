"""``/storage/v1``: files in buckets; who may read or write which is decided by policies on storage.objects.

Lives here: the bytes on disk, the rows that name them, signed addresses.
May enter: chatdesk.localbackend.application.
Never here: image transformation, resumable uploads, changes of buckets.
"""
