"""Training loops of the neural members, for the recipes in `train/` and for fine-tuning by users. Needs torch."""
