"""The members of the predictor: a training-free prior, a bag of monotone models, and one full model per task."""
