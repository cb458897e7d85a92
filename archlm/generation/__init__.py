"""Generating architectures: the predictor guides the diffusion model."""
