"""The dialogs of getting into an account, and of changing how one gets in.

Lives here: the pages of a sign-in, a code, a new password and a new address; the mails of this computer.
May enter: the verbs of the account in chatdesk.ui.
Never here: requests; a dialog asks an attempt of chatdesk.services and shows what it tells.
"""
