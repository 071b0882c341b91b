"""From a naive file of the field to a file that keeps the contract: what is guessed, written and tried."""
