"""English: why something failed or was refused."""

# Key -> a sentence whose {fields} are filled in by agent/core/text.py, with format specifications such as {score:.3f}.
SENTENCES = {
    # What Python, torch, a variant or an earlier version said: the same words in every language.
    "said": "{words}",
    # The kinds of failures.
    "kind.refused": "refused",
    "kind.duplicate": "a duplicate",
    "kind.crash": "a crash",
    "kind.timeout": "out of time",
    "kind.out of memory": "out of memory",
    "kind.wrong shape": "a wrong shape",
    "kind.diverged": "diverged",
    "kind.interrupted": "interrupted",
    "kind.unusable reply": "a reply of no use",
    # The evaluation and its workers.
    "failure.duplicate": "it computes what {twin} computes, number for number",
    "failure.cut_off": "cut off {times} times while it was evaluated; see what kills the machine then",
    "unfinished.share": "{share:.0%} of the training was done by then.",
    "unfinished.tasks": "Trained and tested to the end, though they make no row: {list}",
    "unfinished.others": "Validation accuracy of the others when it was stopped: {list}",
    "unfinished.task": "{task} {accuracy:.3f} after {share:.0%} of its steps",
    "failure.overdue": "the evaluation took longer than its protocol allows and was stopped",
    "failure.overdue_at_line": (
        "the evaluation took longer than its protocol allows and was stopped; mostly it was at line {line} of the "
        "variant"
    ),
    "failure.too_slow": (
        "it would take {times:.1f} times as long as the template takes on this machine, where {most:g} times are "
        "allowed: it was stopped with {share:.0%} of the training done"
    ),
    "failure.too_slow_at_line": (
        "it would take {times:.1f} times as long as the template takes on this machine, where {most:g} times are "
        "allowed: it was stopped with {share:.0%} of the training done; mostly it was at line {line} of the variant"
    ),
    "failure.no_answer": "the worker closed its pipe without an answer",
    "failure.filled_disk": "the worker was killed for what it wrote to the disk",
    "failure.started_threads": "the worker was killed for the threads that it started",
    "failure.filled_memory": "the worker was killed for the memory that it filled",
    "failure.filled_gpu": "the worker was killed for the memory of the GPU that it filled",
    "failure.gpu_too_small": (
        "this GPU's memory does not hold one training of the template either ({setting}), so the variant is not to "
        "blame: use a GPU with more memory, or another protocol"
    ),
    "failure.killed": "the system killed the worker, most likely for its memory",
    "failure.signal": "the worker ended without an answer (signal {signal})",
    "failure.exit_code": "the worker ended without an answer (exit code {code})",
    "failure.lost_twice": "the processes that evaluated it were lost twice ({error})",
    "failure.unforeseen": "what it gave could not be worked with: {error}",
    "failure.rounding": (
        "causality: outputs change by {lost} of a token's largest number on the mean with later tokens or other "
        "sequences; in float64 by {double}, so it is rounding and no look ahead, but too much to tell from one; "
        "use unit_lower_inverse or torch.linalg.solve_triangular for an inverse; for a Fourier transform write "
        "F.conv1d or a Toeplitz product within chunks, or take the transform in float64: .double() before it and "
        ".to(dtype) after it"
    ),
    "failure.rounded_in_pieces": (
        "streaming: {length} tokens in pieces, the state carried over, give outputs that are {lost} of the largest "
        "away from the whole; in float64 they are the same, so it is rounding and no lost state, but too much of it; "
        "sum up what grows along the sequence, such as the phase of a clock, in float64 (.double() before cumsum, "
        ".to(dtype) after it), or from the start of each chunk"
    ),
    "failure.not_finite_before": (
        "finite numbers: outputs before token {cut} are not finite when the tokens from there on are large; look "
        "for an overflow: mask with -inf before exp, not with a product after it"
    ),
    "failure.complex_state": (
        "delta_rule_chunkwise returned a complex state; return its real and imaginary parts as a real tensor, "
        "torch.view_as_real(state), and read them with torch.view_as_complex"
    ),
    "failure.other_type": (
        "{error} (line {line} of the variant): the op is asked in float64 too; make tensors of the type of its "
        "arguments, as torch.zeros(..., dtype=q.dtype, device=q.device) or q.new_zeros(...)"
    ),
    "failure.other_device": (
        "line {line} of the variant: {operator} is given a tensor on the CPU and one on the device of the arguments, "
        "which fails on a GPU: make tensors where the arguments lie, as "
        "torch.zeros(..., device=q.device) or q.new_zeros(...)"
    ),
    "failure.output_device": (
        "delta_rule_chunkwise returned o on the CPU, not on the device of its arguments; make tensors where they lie, "
        "as torch.zeros(..., device=q.device) or q.new_zeros(...)"
    ),
    "failure.garbled": "the worker's account is garbled: {error}",
    "failure.interrupted": "interrupted",
    "failure.proposer_raised": "the proposer raised {error}",
    "failure.raised_at_line": "{error} (line {line} of the variant)",
    "failure.diverged": "{replica}: the loss was no longer finite at step {step}",
    "failure.count_of_tokens": "the worker predicted {found:,} tokens, not {wanted:,}",
    "failure.unknown_tokens": "the worker predicted tokens outside 0..{largest}",
    "failure.trained_causality": (
        "causality of the trained model, {replica}: {share:.0%} of the predictions before a cut change with the "
        "tokens after it or with the other sequences of the batch; an output may depend on its own token and earlier "
        "ones of its sequence alone"
    ),
    "failure.other_training": (
        "training of another kind, {replica}: the first {step} steps of the protocol, taken again, give other weights "
        "than the worker said; an op must compute the same whenever it is given the same, and nothing else may train"
    ),
    # The probes: the name of the probe, what was seen, and what to change.
    "failure.changes_inputs": (
        "inputs unchanged: delta_rule_chunkwise writes into its argument {argument}; work on a copy: no in-place "
        "operation on an argument or a view of one"
    ),
    "failure.changes_inputs_at_line": (
        "inputs unchanged: line {line} of the variant writes into an argument of delta_rule_chunkwise or into a view "
        "of one; work on a copy: no in-place operation on either, so write v = v * x instead of v *= x"
    ),
    "failure.overwrites": (
        "gradients: an in-place operation overwrote what the gradient needs: write S = S + ... instead of S += ..."
    ),
    "failure.random": (
        "determinism: two calls with the same arguments differ by {difference}; draw no random numbers and read no "
        "memory that was not written"
    ),
    "failure.stateful": (
        "statelessness: a call answers differently after other calls, by {difference}; keep nothing between calls: "
        "no global, attribute, default argument or cache"
    ),
    "failure.causality": (
        "causality: with {length} tokens, output {position} changes by {difference} when the tokens from {cut} on "
        "are replaced; an output may depend on its own token and earlier ones alone: look at masks (tril, not triu "
        "or none), at means, maxima and norms over time, and at shifts"
    ),
    "failure.neighbours": (
        "batch independence: a sequence's outputs change by {difference} with its neighbours; take no mean, maximum, "
        "norm or sum over dimension 0"
    ),
    "failure.outputs_in_crowd": (
        "batch independence: the outputs of a sequence in a batch of {many} and in one of {few} are {lost} of the "
        "largest apart; compute each sequence alike, however many there are"
    ),
    "failure.gradients_in_crowd": (
        "batch independence: the gradients of {name} of a sequence in a batch of {many} and in one of {few} are "
        "{lost} of the largest apart; compute each sequence alike, however many there are"
    ),
    "failure.large_state": (
        "state size: the state of one sequence takes as much room as {size:,} numbers of float32; at most {most:,} "
        "are allowed, {times} times those of a matrix of keys by values: no room for the tokens"
    ),
    "failure.growing_state": (
        "state size: after {early} tokens the state has shapes {early_shapes}, after {late} tokens {late_shapes}; "
        "the state must have one size, whatever the length"
    ),
    "failure.first_piece": (
        "streaming: of {length} tokens, those from {start} to {end}, computed by themselves, are {lost} of the "
        "largest output away from the whole; all that later tokens need of earlier ones must be in the state, and "
        "initial_state must be used"
    ),
    "failure.later_piece": (
        "streaming: of {length} tokens, those from {start} to {end}, computed from the state of those before, are "
        "{lost} of the largest output away from the whole; all that later tokens need of earlier ones must be in the "
        "state, and initial_state must be used"
    ),
    # Audits of real calls, in training and prediction.
    "failure.audited_suffix": (
        "causality of a real call: of {length} tokens, outputs before token {cut} move by {lost} of their size when "
        "the tokens from there on are others; an output may depend on its own token and earlier ones alone"
    ),
    "failure.audited_neighbours": (
        "batch independence of a real call: outputs of a sequence move by {lost} of their size when its neighbours are "
        "others; take no mean, maximum, norm or sum over dimension 0"
    ),
    "failure.audited_pieces": (
        "streaming of a real call: {length} tokens in {pieces} pieces, the state carried over, give outputs that are "
        "{lost} of their size away from the whole; all that later tokens need of earlier ones must be in the state, "
        "and initial_state must be used, whatever the length of a piece"
    ),
    "failure.fed_in_pieces": (
        "streaming: {length} tokens in {pieces} pieces, the state carried over, give outputs that are {lost} of the "
        "largest away from the whole; initial_state must be used and the state brought up to date whatever the length "
        "of a piece, of a single token and of exactly so many chunks too"
    ),
    "failure.growth": (
        "growth: {long} tokens cost {times} times as much as {short}; the cost must grow with L, not with its "
        "square: work within chunks and carry a state between them"
    ),
    "failure.gradient_not_finite": (
        "gradients: the gradient of {name} is not finite for ordinary inputs; look for a division by zero, a square "
        "root or a logarithm at zero, or an overflow"
    ),
    "failure.gradient_slope": (
        "gradients: with {length} tokens the gradient says {told} along a random direction, differences say "
        "{large_step} and {small_step}; the gradient must be that of the function: no detach, no rounding, no "
        "backward of your own that differs"
    ),
    "failure.gradient_precision": (
        "gradients: the gradient of {name} in float32 and that in float64 are {lost} of the largest apart; the "
        "gradient must be that of the function: no detach, no rounding, no backward of your own that differs"
    ),
    "failure.not_finite": (
        "finite numbers: delta_rule_chunkwise returned numbers that are not finite for ordinary inputs; look for "
        "overflow or empty memory"
    ),
    "failure.not_finite_in_nan": (
        "finite numbers: delta_rule_chunkwise returned numbers that are not finite where memory holds NaN before it "
        "is written; look for overflow or empty memory"
    ),
    "failure.not_finite_later": (
        "finite numbers: delta_rule_chunkwise returned numbers that are not finite after {start} tokens with their "
        "state carried over; look for overflow or empty memory"
    ),
    # What a worker sees in the first call of the op.
    "failure.returned_not_finite": "delta_rule_chunkwise returned numbers that are not finite for ordinary inputs",
    "failure.cut_from_inputs": (
        "the output of delta_rule_chunkwise is cut off from its inputs: no gradient flows back; look for torch.no_grad "
        "or .detach()"
    ),
    "failure.op_gradient_not_finite": "the gradient of delta_rule_chunkwise is not finite for ordinary inputs",
    "remark.left": "trainings far behind the template's were ended early; their scores are lower bounds",
    "remark.diverged": "a training diverged; its best weights before that are scored",
    "remark.equal_widths": (
        "the op works only where keys and values are equally wide, as here; another model may have it otherwise"
    ),
    "failure.not_a_pair": "delta_rule_chunkwise must return (o, state), not {found}",
    "failure.not_always_a_pair": "delta_rule_chunkwise must always return (o, state); with {length} tokens it did not",
    "failure.state_type": (
        "delta_rule_chunkwise must return its state as a tensor or a tuple of tensors, not {found}; in place of a list "
        "or a dict, return a tuple of its tensors"
    ),
    "failure.state_part": (
        "delta_rule_chunkwise must return its state as a tensor or a tuple of tensors, but part {part} of the state is "
        "{found}: write nested tensors one after another in one tuple, a counter as a tensor of (B,), such as "
        "torch.zeros(len(q), dtype=torch.long, device=q.device), and leave None out"
    ),
    "failure.output_shape": (
        "delta_rule_chunkwise returned o of shape {found}; with v of shape {wanted} it must be the same"
    ),
    "failure.output_type": "delta_rule_chunkwise returned o as {found}; with v of {wanted} it must be the same",
    "failure.state_shape": "a tensor of the state has shape {found}; its first dimension must be the batch, {batch}",
    # A file that is no variant.
    "failure.not_a_file": "{file}: cannot be read (it is no ordinary file); give the path of a variant file",
    "failure.unreadable": "{file}: cannot be read ({error}); give the path of a variant file",
    "failure.large_file": "{file}: {size:,} bytes; a variant is one op, at most {most:,} bytes",
    "failure.other_encoding": "{file}: its coding line says {encoding}: leave that line out, and save it as UTF-8",
    "failure.not_utf8": "{file}: not Python ({error}): write it as text, and save it as UTF-8",
    "failure.not_python": "{file}: not Python ({error})",
    "failure.not_python_at_line": "{file}, line {line}: not Python ({error})",
    "failure.nested": "{file}: not Python (nested too deeply)",
    "failure.import": "{file}, line {line}: imports {name}; a variant may import {allowed}",
    "failure.no_op": "{file}: has no function {op}",
    "failure.op_arguments": "{file}, line {line}: {op} must begin with {wanted}",
    "failure.op_defaults": "{file}, line {line}: initial_state and chunk_size need defaults: None and 32",
    "failure.op_unnamed": (
        "{file}, line {line}: {names}: each argument of delta_rule_chunkwise is given by its name; write them out, "
        "without *args, **kwargs and /"
    ),
    "failure.declared_twice": "{file}: {names}: declared as an input and as a parameter; keep one",
    "failure.undeclared": (
        "{file}, line {line}: {names}: each further argument of delta_rule_chunkwise must be declared in "
        "LEARNED_INPUTS or LEARNED_PARAMETERS, and each declared name must be an argument"
    ),
    "failure.declaration_repeated": (
        "{file}, line {line}: {name} must be written once, at the top of the module, and not be used anywhere else"
    ),
    "failure.declaration_computed": "{file}, line {line}: {name} must be written out, not computed",
    "failure.declaration_not_dict": "{file}, line {line}: {name} must be a dict from argument names",
    "failure.input_kind": "{file}: LEARNED_INPUTS[{name}] is {kind}; it must be one of {allowed}",
    "failure.parameter_form": (
        "{file}: LEARNED_PARAMETERS[{name}] must be ((dimensions), (low, high)), at most three dimensions, each of "
        '{allowed} or a whole number up to {most}, as in (("head", 4), (0.0, 1.0)); it is {found}'
    ),
    "failure.op_replaced": "{file}: after import, delta_rule_chunkwise is no longer the function that the file defines",
    # Code that no op needs.
    "failure.needless_class": (
        "{file}, line {line}: a class with a metaclass or keywords; an op needs torch, math and einops alone"
    ),
    "failure.uses_machinery": "{file}, line {line}: uses {name}; an op needs no name of Python's own machinery",
    "failure.defines_machinery": (
        "{file}, line {line}: defines {name}; of the names of Python's own machinery a class may define __init__ and "
        "__call__ alone: give it an ordinary name, such as step"
    ),
    "failure.global": "{file}, line {line}: declares a name as global; an op keeps nothing between calls",
    "failure.sets_attribute": "{file}, line {line}: sets the attribute {name} of something that is not its own",
    "failure.asynchronous": "{file}, line {line}: is asynchronous; an op is one plain function",
    "failure.changeable_default": (
        "{file}, line {line}: has a default that could be changed; use None, a number or a tuple of numbers"
    ),
    "failure.module_as_value": "{file}, line {line}: hands the module {name} around; use its functions one by one",
    # A reply that is of no use, of a model or of a person.
    "failure.reply_cut": "the reply was cut off where it reached the limit of its length: think and write less",
    "failure.reply_long": "the file has about {length} tokens; at most {most} are allowed",
    "failure.reply_holds_no_answer": "{problem}; {refusal}",
    "failure.reply_repeats": "this is the code that did not do before, and still does not: {kind}: {reason}",
    "failure.lines_left_out": (
        "the file leaves lines out where it says {line!r}: send all of it, or SEARCH/REPLACE blocks"
    ),
    "failure.reply_changes_nothing": "the code is as it was before: at most comments, layout or docstrings differ",
    "failure.change_changes_nothing": (
        "the change leaves the code as it was: at most comments, layout or docstrings differ"
    ),
    "failure.no_code": (
        "the reply holds neither a whole file with {op}(...) in a ```python fence nor SEARCH/REPLACE blocks"
    ),
    "failure.changed_not_python": "after the change the file is not Python ({error})",
    "failure.changed_not_python_at": "after the change the file is not Python ({error} at line {at}: {code})",
    "failure.block_incomplete": (
        "a SEARCH/REPLACE block is not complete: each needs the lines <<<<<<< SEARCH, ======= and >>>>>>> REPLACE"
    ),
    "failure.block_empty": "block {block}: the SEARCH part is empty; repeat the lines that are to be replaced",
    "failure.block_ambiguous": (
        "block {block}: its SEARCH text stands at {places} places (lines {lines}); add lines before or after it "
        "until it stands at one"
    ),
    "failure.block_not_found": "block {block}: its SEARCH text is not in the file. The nearest lines are\n{nearest}",
}
