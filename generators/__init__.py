"""Floor 3: proposing architectures. Nothing is built here yet; the name is held so that imports can be guarded."""
