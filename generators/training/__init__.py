"""Training the networks of the generator."""
