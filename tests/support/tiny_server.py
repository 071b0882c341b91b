"""llama.cpp's own server with a model of one layer that says yes to everything: `python tiny_server.py FILE`.

It writes the model to FILE, prints the server's address and serves until its standard input ends.
"""

import sys

import gguf
import numpy as np
import xllamacpp

WIDTH, HIDDEN, HEADS = 32, 64, 2
CONTEXT = 1024
SAYS = "▁yes"  # as SentencePiece writes a word with the blank before it
TEMPLATE = "{% for m in messages %}{{ m['role'] }}: {{ m['content'] }}\n{% endfor %}assistant:"


def write_model(path):
    """A Llama whose hidden state is the same whatever it reads, and whose head knows one word."""
    tokens = ["<unk>", "<s>", "</s>", *(f"<0x{byte:02X}>" for byte in range(256)), SAYS]
    kinds = gguf.TokenType
    writer = gguf.GGUFWriter(path, "llama")
    writer.add_context_length(CONTEXT)
    writer.add_embedding_length(WIDTH)
    writer.add_block_count(1)
    writer.add_feed_forward_length(HIDDEN)
    writer.add_head_count(HEADS)
    writer.add_head_count_kv(HEADS)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_rope_dimension_count(WIDTH // HEADS)
    writer.add_vocab_size(len(tokens))
    writer.add_tokenizer_model("llama")
    writer.add_token_list(tokens)
    writer.add_token_scores([0.0] * len(tokens))
    writer.add_token_types([kinds.UNKNOWN, kinds.CONTROL, kinds.CONTROL, *[kinds.BYTE] * 256, kinds.NORMAL])
    writer.add_bos_token_id(1)
    writer.add_eos_token_id(2)
    writer.add_unk_token_id(0)
    writer.add_chat_template(TEMPLATE)
    for name, weight in _weights(len(tokens)).items():
        writer.add_tensor(name, weight.astype(np.float32))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def _weights(vocabulary):
    head = np.zeros((vocabulary, WIDTH))
    head[-1] = 1.0
    attention = {f"blk.0.attn_{part}.weight": np.zeros((WIDTH, WIDTH)) for part in ("q", "k", "v", "output")}
    return attention | {
        "token_embd.weight": np.ones((vocabulary, WIDTH)),
        "output.weight": head,
        "output_norm.weight": np.ones(WIDTH),
        "blk.0.attn_norm.weight": np.ones(WIDTH),
        "blk.0.ffn_norm.weight": np.ones(WIDTH),
        "blk.0.ffn_gate.weight": np.zeros((HIDDEN, WIDTH)),
        "blk.0.ffn_up.weight": np.zeros((HIDDEN, WIDTH)),
        "blk.0.ffn_down.weight": np.zeros((WIDTH, HIDDEN)),
    }


def serve(path):
    """A server of the model, on a port of its choice."""
    parameters = xllamacpp.CommonParams()
    parameters.model.path = path
    parameters.n_ctx = CONTEXT
    parameters.n_parallel = 1
    parameters.cpuparams.n_threads = 1
    parameters.warmup = False
    parameters.verbosity = 0
    return xllamacpp.Server(parameters)


if __name__ == "__main__":
    write_model(sys.argv[1])
    server = serve(sys.argv[1])
    print(server.listening_address, flush=True)
    sys.stdin.read()
