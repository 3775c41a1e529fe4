"""The built-in model's process: a small model behind a socket that speaks OpenAI's chat completions.

Lives here: a process of its own, the only door to the runtime of models.
May enter: nobody; the app reaches it by a socket. A crash of the runtime ends it and nothing else.
Never here: anything of the app.
"""
