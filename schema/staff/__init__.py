"""Staff in the schema: members, roles, permissions."""
