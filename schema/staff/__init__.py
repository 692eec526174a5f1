"""Staff in the schema: members, invitations, roles, permissions."""
