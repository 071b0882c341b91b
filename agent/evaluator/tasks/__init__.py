"""The tasks: a file each. A new one is a file here and its name in the list below.

Six are those of MAD (Poli et al. 2024, arXiv 2403.17844), which are the columns of the table.
"""

from agent.evaluator.tasks.compress import COMPRESS
from agent.evaluator.tasks.context_recall import CONTEXT_RECALL
from agent.evaluator.tasks.fuzzy_recall import FUZZY_RECALL
from agent.evaluator.tasks.memorize import MEMORIZE
from agent.evaluator.tasks.multi_query_recall import MULTI_QUERY_RECALL
from agent.evaluator.tasks.noisy_recall import NOISY_RECALL
from agent.evaluator.tasks.selective_copy import SELECTIVE_COPY
from agent.evaluator.tasks.task import register
from agent.evaluator.tasks.text import TEXT

# The order is that of the table's columns.
TASKS = register(COMPRESS, CONTEXT_RECALL, FUZZY_RECALL, MEMORIZE, NOISY_RECALL, SELECTIVE_COPY, MULTI_QUERY_RECALL)

# What protocols of real text train on; no synthetic task and no column of the table.
READING = register(TEXT)
