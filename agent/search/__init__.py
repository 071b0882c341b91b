"""The loop that proposes, trains and analyses, with its configuration, budget, screen and everyone who takes part."""
