"""Who works in a workspace: members, their roles, invitations, passwords."""
