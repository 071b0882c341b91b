"""Build every Triton kernel as for a GPU of compute capability 9.0, ptxas included; it takes no GPU: `python FILE`."""


def build() -> None:
    # Here, and not above: who builds in the jail imports a compiler there.
    import triton
    from triton.backends.compiler import GPUTarget
    from triton.compiler import ASTSource

    from agent.kernels import short_conv_triton, triangular_triton

    square, tile = {"SIZE": 32, "BLOCK": 32}, {"CHANNELS": 384, "WIDTH": 4, "TIMES": 16, "SPAN": 128}
    for kernel, kinds, sizes in (
        (triangular_triton._substitute, ["*fp32"] * 2, square),
        (triangular_triton._differentiate, ["*fp32"] * 3, square),
        (short_conv_triton._forward, ["*bf16"] + ["*fp32"] * 2 + ["i32"] * 3, tile),
        (short_conv_triton._backward, ["*bf16", "*fp32", "*fp32", "*bf16", "*fp32"] + ["i32"] * 3, tile),
    ):
        signature = dict(zip(kernel.arg_names, kinds + ["constexpr"] * len(sizes), strict=True))
        source = ASTSource(kernel, signature=signature, constexprs=sizes)
        compiled = triton.compile(source, target=GPUTarget("cuda", 90, 32))
        assert len(compiled.asm["cubin"]) > 1000
        assert "tf32" not in compiled.asm["ptx"]


if __name__ == "__main__":
    build()
    print("built")
