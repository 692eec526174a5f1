"""The staff in the schema: who works in a workspace, and who is asked to."""
