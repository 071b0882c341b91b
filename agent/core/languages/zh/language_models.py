"""语言模型的得分。"""

SENTENCES = {
    "text.bits": "每字节比特数，窗口长 {length:,}：{all}；可回忆的字节（占 {share:.0%}）{recalled}，"
    "其余字节 {other}（± 为种子间标准误）",
    "text.positions": "窗口内各位置的每字节比特数：{list}",
    "text.means": "{seeds} 个种子，学习率由验证集选出：{rates}；"
    "训练时单核或单 GPU 每秒 {speed:,.0f} 个 token；文本：{name}（{digest}），"
    "{files:,} 个文件，{size:,} 字节，其中 {held_out:,} 字节留作测试",
}
