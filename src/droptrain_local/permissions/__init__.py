"""Permissions on a laptop: the sessions of roles and the callers of the API may do what their policies say.

    request ──▶ requests (who, which operation) ──▶ needs (actions on resources) ──▶ guard ─▶ policy
                                                                                      └─▶ refusals

Every other key is the laptop's owner, who may do all. Signatures aren't checked here, tokens are.
"""
