"""Build every Triton kernel as for a GPU of compute capability 9.0, ptxas included; it takes no GPU: `python FILE`."""

ADAMW = ["*fp32"] * 8 + ["i32", "fp32", "fp32"]
DELTA_RULE = ["*fp32"] * 10 + ["i32"] * 2 + ["fp32"] + ["i32"] * 6
DELTA_RULE_BACKWARD = ["*fp32"] * 16 + ["i32"] * 2 + ["fp32"] + ["i32"] * 12
NORM = ["*fp32", "*bf16", "*fp32", "*bf16", "*fp32", "i32", "fp32"]
NORM_BACKWARD = ["*bf16", "*fp32", "*bf16", "*fp32", "*fp32", "*bf16", "i32"]

SHARED_MEMORY = 227 * 1024  # bytes that a program may have of it on compute capability 9.0


def build(large: bool = True) -> None:
    """All of them, or all but the `large` ones, which take most of the time."""
    # Here, and not above: who builds in the jail imports a compiler there.
    import triton
    from triton.backends.compiler import GPUTarget
    from triton.compiler import ASTSource

    from agent.kernels import (
        adamw_triton,
        delta_rule_triton,
        gate_triton,
        norm_triton,
        short_conv_triton,
        triangular_triton,
    )

    square, tile = {"SIZE": 32, "BLOCK": 32}, {"CHANNELS": 384, "WIDTH": 4, "TIMES": 16, "SPAN": 128}
    gated = {"INNER": 352, "BLOCK": gate_triton.BLOCK}
    forward, backward = (
        ["*bf16"] + ["*fp32"] * 2 + ["i32"] * 3,
        ["*bf16", "*fp32", "*fp32", "*bf16", "*fp32"] + ["i32"] * 4,
    )
    rows = {"WIDTH": 128, "ROWS": 32, "BLOCK": 128}
    memory = {"DECAYS": True, "CARRIES": False, "NORMALISES": True, "KEY": 128, "VALUE": 128, "KEYS": 128}
    memory["CHUNK"] = delta_rule_triton.CHUNK
    adamw = {"BETA1": 0.9, "BETA2": 0.999, "EPS": 1e-8, "DECAYS": True, "OWN_ROOTS": True, "BLOCK": adamw_triton.BLOCK}
    ends = {"GOES_ON": False, "VALUES": 128}
    for kernel, kinds, sizes, warps, even in (
        (triangular_triton._substitute, ["*fp32"] * 2, square, 1, True),
        (triangular_triton._substitute, ["*bf16"] * 2, square, 1, True),
        (triangular_triton._differentiate, ["*fp32"] * 3, square, 1, True),
        (triangular_triton._differentiate, ["*bf16"] * 3, square, 1, True),
        (gate_triton._gate, ["*bf16"] * 2 + ["i32"], gated, 4, True),
        (gate_triton._gate_backward, ["*bf16"] * 3 + ["i32"], gated, 4, False),
        (delta_rule_triton._forward, DELTA_RULE, memory | {"VALUES": delta_rule_triton.SPAN}, 8, True),
        (delta_rule_triton._backward, DELTA_RULE_BACKWARD, memory | ends, 8, True),
        (delta_rule_triton._backward, DELTA_RULE_BACKWARD, memory | ends | {"DECAYS": False}, 8, True),
        (adamw_triton._step, ADAMW, adamw, 4, True),
        (norm_triton._norm, NORM, {"ADDS": True} | rows, 4, True),
        (norm_triton._norm_backward, NORM_BACKWARD, {"ADDS": True, "CASTS": True} | rows, 4, True),
        (short_conv_triton._forward, forward, tile, 4, True),
        (short_conv_triton._forward, forward, tile, 4, False),
        (short_conv_triton._backward, backward, tile, 4, True),
        (short_conv_triton._backward, backward, tile, 4, False),
    ):
        if kernel.__module__ == delta_rule_triton.__name__ and not large:
            continue
        signature = dict(zip(kernel.arg_names, kinds + ["constexpr"] * len(sizes), strict=True))
        # Even: all addresses and numbers but a length are known to be multiples of 16.
        known = [place for place in range(len(kinds)) if even and kernel.arg_names[place] != "length"]
        attrs = {(place,): [["tt.divisibility", 16]] for place in known}
        source = ASTSource(kernel, signature=signature, constexprs=sizes, attrs=attrs)
        options = {"num_warps": warps} | ({"num_stages": 1} if kernel is delta_rule_triton._backward else {})
        compiled = triton.compile(source, target=GPUTarget("cuda", 90, 32), options=options)
        assert len(compiled.asm["cubin"]) > 1000
        assert compiled.metadata.shared <= SHARED_MEMORY
        # Of all products that are fused only those of the delta rule are rounded so.
        assert ("tf32" in compiled.asm["ptx"]) == (kernel.__module__ == delta_rule_triton.__name__)


if __name__ == "__main__":
    build()
    print("built")
