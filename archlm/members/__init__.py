"""The members of the predictor, how they are joined for familiar networks, and the head that ranks all others."""
