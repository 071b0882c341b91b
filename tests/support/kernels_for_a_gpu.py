"""Build every Triton kernel as for a GPU of compute capability 9.0, ptxas included; it takes no GPU: `python FILE`."""

NORM = ["*fp32", "*bf16", "*fp32", "*bf16", "*fp32", "i32", "fp32"]
NORM_BACKWARD = ["*bf16", "*fp32", "*bf16", "*fp32", "*fp32", "*bf16", "i32"]


def build() -> None:
    # Here, and not above: who builds in the jail imports a compiler there.
    import triton
    from triton.backends.compiler import GPUTarget
    from triton.compiler import ASTSource

    from agent.kernels import gate_triton, norm_triton, short_conv_triton, triangular_triton

    square, tile = {"SIZE": 32, "BLOCK": 32}, {"CHANNELS": 384, "WIDTH": 4, "TIMES": 16, "SPAN": 128}
    gated = {"INNER": 352, "BLOCK": gate_triton.BLOCK}
    forward, backward = (
        ["*bf16"] + ["*fp32"] * 2 + ["i32"] * 3,
        ["*bf16", "*fp32", "*fp32", "*bf16", "*fp32"] + ["i32"] * 3,
    )
    rows = {"WIDTH": 128, "ROWS": 32, "BLOCK": 128}
    for kernel, kinds, sizes, warps, even in (
        (triangular_triton._substitute, ["*fp32"] * 2, square, 1, True),
        (triangular_triton._substitute, ["*bf16"] * 2, square, 1, True),
        (triangular_triton._differentiate, ["*fp32"] * 3, square, 1, True),
        (triangular_triton._differentiate, ["*bf16"] * 3, square, 1, True),
        (gate_triton._gate, ["*bf16"] * 2 + ["i32"], gated, 4, True),
        (gate_triton._gate_backward, ["*bf16"] * 3 + ["i32"], gated, 4, False),
        (norm_triton._norm, NORM, {"ADDS": True} | rows, 4, True),
        (norm_triton._norm_backward, NORM_BACKWARD, {"ADDS": True, "CASTS": True} | rows, 4, True),
        (short_conv_triton._forward, forward, tile, 4, True),
        (short_conv_triton._forward, forward, tile, 4, False),
        (short_conv_triton._backward, backward, tile, 4, True),
        (short_conv_triton._backward, backward, tile, 4, False),
    ):
        signature = dict(zip(kernel.arg_names, kinds + ["constexpr"] * len(sizes), strict=True))
        # Even: all addresses and numbers are known to be multiples of 16.
        attrs = {(place,): [["tt.divisibility", 16]] for place in range(len(kinds))} if even else {}
        source = ASTSource(kernel, signature=signature, constexprs=sizes, attrs=attrs)
        compiled = triton.compile(source, target=GPUTarget("cuda", 90, 32), options={"num_warps": warps})
        assert len(compiled.asm["cubin"]) > 1000
        assert "tf32" not in compiled.asm["ptx"]


if __name__ == "__main__":
    build()
    print("built")
