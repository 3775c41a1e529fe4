"""Markdown as text blocks: tokens written through a text cursor, with no HTML in between.

Lives here: parsing, the look of blocks, code colours, incremental rendering, selections as plain text.
May enter: the timeline and whoever else shows messages.
Never here: HTML, loading of anything, opening of links, messages and models.
"""
