"""`python -m agent VERB`."""

from agent.cli import main
from agent.streams import settle

if __name__ == "__main__":
    settle()
    main()
