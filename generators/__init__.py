"""Proposing architectures: block graphs, their diffusion, guidance and budgets."""
