"""One page a file, thin: no arithmetic, no sentence, no try."""
