"""What a variant is made of, by its syntax tree: decay, momentum, a second memory and the like. No line of it runs."""
