"""The rules of the contract as a model is told them, for the page that tells them to a person: docs/contract.md.

python -m agent.proposer.contract    writes them into that page again
"""

from pathlib import Path

from agent.core.resources import CHECKOUT
from agent.evaluator.contract.variant import ALLOWED_IMPORTS, OP
from agent.llm.prompts import render
from agent.proposer.question import kernel_lines

FENCE = "```text\n"


def contract_rules() -> str:
    """The rules: agent/proposer/contract.j2, filled in."""
    file = Path(__file__).with_name("rules.j2")
    return render(file, op=OP, imports=", ".join(ALLOWED_IMPORTS), kernels=kernel_lines()).rules


def with_rules(page: str) -> str:
    """A page whose one block of plain text holds the rules as they are now."""
    before, _, after = page.partition(FENCE)
    return f"{before}{FENCE}{contract_rules()}\n```{after.partition('```')[2]}"


def main() -> None:
    if CHECKOUT is not None:
        path = CHECKOUT / "docs" / "contract.md"
        path.write_text(with_rules(path.read_text(encoding="utf-8")), encoding="utf-8")


if __name__ == "__main__":
    main()
