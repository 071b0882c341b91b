"""The settings that the task tests are run on: all 66 of MAD, a few small ones, and a hypothesis strategy."""

from dataclasses import replace

from hypothesis import strategies as st

from agent.evaluator.tasks.task import Setting

N = 12_800
FEWER = [{"train_examples": n} for n in (6400, 3200, 1600, 800)]


def vocabs(*sizes: int) -> list[dict[str, int]]:
    return [{"vocab": size} for size in sizes]


def lengths(*sizes: int) -> list[dict[str, int]]:
    return [{"length": size} for size in sizes]


MAD_TABLE = {
    Setting("Compress", 16, 32, N): [*vocabs(32, 64, 128), *lengths(64, 128, 256), *FEWER],
    Setting("Context Recall", 16, 128, N): [*vocabs(32, 64, 128), *lengths(256, 512, 1024), *FEWER],
    Setting("Fuzzy Recall", 16, 128, N, motif=3): [*vocabs(32, 64, 128), *lengths(256, 512, 1024), *FEWER],
    Setting("Memorize", 256, 32, 256): vocabs(512, 1024, 2048, 4096, 8192),
    Setting("Noisy Recall", 32, 128, N, noise=0.2, noise_vocab=16): [
        *vocabs(48, 80, 144),
        *lengths(256, 512, 1024),
        *FEWER,
        *[{"noise": noise} for noise in (0.4, 0.6, 0.8)],
    ],
    Setting("Selective Copy", 16, 256, N, copies=16): [
        *vocabs(32, 64, 128),
        *lengths(512, 1024),
        *FEWER,
        *[{"copies": n} for n in (32, 64, 96)],
    ],
}
MAD = [replace(baseline, **change) for baseline, changes in MAD_TABLE.items() for change in [{}, *changes]]

SMALL = [
    Setting("Compress", 9, 12, 100),
    Setting("Context Recall", 10, 24, 100),
    Setting("Fuzzy Recall", 12, 48, 100, motif=3),
    Setting("Fuzzy Recall", 13, 32, 100, motif=1),
    Setting("Memorize", 14, 16, 100),
    Setting("Noisy Recall", 13, 24, 100, noise=0.4, noise_vocab=4),
    Setting("Selective Copy", 9, 24, 100, copies=4),
    Setting("Multi-Query Recall", 13, 24, 100, pairs=5),
]


@st.composite
def settings_of(choose: st.DrawFn, task: str) -> Setting:
    """Any setting of a task that is small enough to reread."""
    half_length = choose(st.integers(2, 40))
    spare = choose(st.integers(0, 20))
    match task:
        case "Fuzzy Recall":
            motif = choose(st.integers(1, 3))
            return Setting(task, 2 * motif + 1 + spare, 4 * motif - 1 + half_length, 100, motif=motif)
        case "Noisy Recall":
            noise_vocab, noise = choose(st.integers(1, 8)), choose(st.floats(0, 0.99))
            return Setting(task, 2 + spare + noise_vocab, 2 * half_length, 100, noise=noise, noise_vocab=noise_vocab)
        case "Selective Copy":
            copies = choose(st.integers(1, half_length))
            return Setting(task, 3 + spare, 2 * half_length + 1, 100, copies=copies)
        case "Multi-Query Recall":
            pairs = choose(st.integers(1, half_length))
            return Setting(task, 2 * pairs + 1 + spare, 2 * half_length + pairs, 100, pairs=pairs)
    return Setting(task, 3 + spare, 2 * half_length, 100)
