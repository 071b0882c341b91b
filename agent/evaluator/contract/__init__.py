"""What a variant's file may hold, read without running it, and how its op is called."""
