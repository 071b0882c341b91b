"""`python -m agent VERB`."""

from agent.cli import main

if __name__ == "__main__":
    main()
