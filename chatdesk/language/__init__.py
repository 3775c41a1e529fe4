"""The words that users read, in their language.

Lives here: the catalogues of translations, which one is in use, the door through which every text goes.
May enter: the floors that show something: ui, models, app.
Never here: Qt, sentences themselves; they stay in English where they are said and are looked up when shown.
"""
