def register_environments(): pass
