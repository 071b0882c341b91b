"""`python -m agent VERB`."""

from agent.cli.main import main

if __name__ == "__main__":
    main()
