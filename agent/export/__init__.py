"""What a workspace has measured, in the files of other programs: TensorBoard, Optuna, Weights & Biases."""
