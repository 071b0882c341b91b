"""Chinese: whether what was confirmed holds at a greater length, with more pairs per byte, on text."""

SENTENCES = {
    "verify.no template": "已验证，但模板未在相同种子上验证：不作判定",
    "verify.no length": "长度不作判定：模板未学会任何可加长的任务",
    "verify.length holds": (
        "在 {times} 倍长度上保持（该长度正确率 {there:.3f}，原长度 {home:.3f}；与模板相差 {gain} 对数几率）"
    ),
    "verify.length lost": (
        "在 {times} 倍长度上不能保持（该长度正确率 {there:.3f}，原长度 {home:.3f}；与模板相差 {gain} 对数几率）"
    ),
    "verify.length unclear": (
        "能否在 {times} 倍长度上保持尚无法判定（该长度正确率 {there:.3f}，原长度 {home:.3f}；"
        "与模板相差 {gain} 对数几率）"
    ),
    "verify.at least": "至少 {pairs}",
    "verify.pairs more": (
        "每字节记住更多键值对：为模板的 {ratio} 倍（{bytes:,} 字节记住 {held} 对，"
        "模板 {their_bytes:,} 字节记住 {theirs} 对）"
    ),
    "verify.pairs fewer": (
        "每字节记住的键值对更少：为模板的 {ratio} 倍（{bytes:,} 字节记住 {held} 对，"
        "模板 {their_bytes:,} 字节记住 {theirs} 对）"
    ),
    "verify.pairs same": (
        "看不出每字节记住更多键值对：为模板的 {ratio} 倍（{bytes:,} 字节记住 {held} 对，"
        "模板 {their_bytes:,} 字节记住 {theirs} 对）"
    ),
    "verify.pairs none": (
        "每字节记住的键值对并不更多：连 {fewest} 对也记不住（{bytes:,} 字节记住 {held} 对，"
        "模板 {their_bytes:,} 字节记住 {theirs} 对）"
    ),
    "verify.pairs all": (
        "能否每字节记住更多键值对尚无法判定，因为模板记住了全部所问（{bytes:,} 字节记住 {held} 对，"
        "模板 {their_bytes:,} 字节记住 {theirs} 对）"
    ),
    "verify.bits fewer": "每字节所需比特更少：{mine:.3f}，模板 {theirs:.3f}，相差 {difference}{recalled}",
    "verify.bits more": "每字节所需比特更多：{mine:.3f}，模板 {theirs:.3f}，相差 {difference}{recalled}",
    "verify.bits same": ("看不出每字节所需比特更少：{mine:.3f}，模板 {theirs:.3f}，相差 {difference}{recalled}"),
    "verify.recalled fewer": "；可回忆的字节上更少，{difference}",
    "verify.recalled more": "；可回忆的字节上更多，{difference}",
    "verify.recalled same": "；可回忆的字节上看不出更少，{difference}",
}
