"""Chinese: why a variant goes no further after a leg of its row."""

SENTENCES = {
    "stopped.log_odds": (
        "完成第 {legs} 段后，在相同的种子上，它相对目前最佳的 {best} 为 {gain:+.2f} 对数几率："
        "它更好的可能性为 {chance:.1%}，低于 {least:.0%} 便不再训练后面的段"
    ),
    "stopped.accuracy": (
        "完成第 {legs} 段后，在相同的种子上，它相对目前最佳的 {best} 的平均分为 {gain:+.3f}："
        "它更好的可能性为 {chance:.1%}，低于 {least:.0%} 便不再训练后面的段"
    ),
}
