"""English: what the gate finds in a file, and what it remarks on."""

SENTENCES = {
    "failure.nested_at_line": (
        "{file}, line {line}: more than {most} expressions stand within each other; split it into several lines"
    ),
    "failure.reserved_name": (
        "{file}: no declared input or parameter may be called {name}: the layer uses that name, or it is none of "
        "plain letters; choose another"
    ),
    "failure.many_declared": "{file}: declares {found} inputs and parameters; at most {most} are supplied",
    "failure.large_declared": (
        "{file}: its LEARNED_PARAMETERS hold {found:,} numbers together (a channel of a head counts 128); at most "
        "{most:,} are supplied"
    ),
    "failure.unlisted_name": (
        "{file}, line {line}: uses {name}, which the file does not define and which is not on the list of what an "
        "op may use"
    ),
    "failure.unlisted_name_near": (
        "{file}, line {line}: uses {name}, which the file does not define and which is not on the list of what an "
        "op may use; did you mean {near}?"
    ),
    "failure.unlisted_attribute": (
        "{file}, line {line}: reaches for .{name}, which is not on the list of what an op may use; write it with "
        "the functions and methods of torch"
    ),
    "failure.unlisted_attribute_near": (
        "{file}, line {line}: reaches for .{name}, which is not on the list of what an op may use; did you mean "
        ".{near}?"
    ),
    "failure.unlisted_in_module": (
        "{file}, line {line}: reaches for {module}.{name}, which is not on the list of what an op may use"
    ),
    "failure.unlisted_in_module_near": (
        "{file}, line {line}: reaches for {module}.{name}, which is not on the list of what an op may use; did you "
        "mean {near}?"
    ),
    "failure.unlisted_import": "{file}, line {line}: imports {name}; a variant may import from {allowed}",
    "failure.machinery_attribute": (
        "{file}, line {line}: reaches for .{name}; an op needs no name of Python's own machinery"
    ),
    "failure.pythons_name": "{file}, line {line}: {name} is a name of Python's own; choose another for yours",
    "failure.module_shadowed": (
        "{file}, line {line}: {name} is the module {module} here and something else elsewhere; give one of them "
        "another name"
    ),
    "failure.positional_pattern": (
        "{file}, line {line}: a pattern with positions reads attributes that it does not name; write them out, or "
        "use an index"
    ),
    "failure.yield_within_with": (
        "{file}, line {line}: a generator stops within a with statement, which would then hold on outside of it; "
        "collect the results in a list"
    ),
    "failure.bare_except": (
        "{file}, line {line}: an except without a type also catches what ends a program; name the error"
    ),
    "failure.special_type": (
        "{file}, line {line}: type may stand in a comparison alone, as in type(x) is int, without keeping it; use "
        "isinstance"
    ),
    "failure.special_super": "{file}, line {line}: super may stand in super().__init__(...) alone",
    "failure.special_getattr": "{file}, line {line}: getattr with a computed name; write the attribute out",
    "failure.inner_class": "{file}, line {line}: a class within a function; write it at the top of the file",
    "failure.several_bases": "{file}, line {line}: a class with several bases; keep one",
    "failure.base_class": (
        "{file}, line {line}: a class that comes from {name}; it may come from torch.autograd.Function, "
        "torch.nn.Module, NamedTuple or another class of the file"
    ),
    "failure.decorator": "{file}, line {line}: the decorator {name}; leave it out",
    "failure.class_value": (
        "{file}, line {line}: {name} of a class is no plain constant and would outlive the call; set it in __init__"
    ),
    "failure.class_body": "{file}, line {line}: a class may hold methods and constants alone",
    "failure.rebinds_self": (
        "{file}, line {line}: sets an attribute of {name} in a method that also gives the name {name} to something "
        "else; use another name there"
    ),
    "failure.own_attribute": (
        "{file}, line {line}: an attribute called {name} means something else elsewhere; give it another name, "
        "without an underscore in front"
    ),
    "failure.computed_at_top": (
        "{file}, line {line}: {name} is computed when the file is read, and outlives every call; compute it within "
        "the op"
    ),
    "failure.statement_at_top": (
        "{file}, line {line}: only imports, constants, functions and classes may stand at the top of a file; move "
        "this into the op"
    ),
    "failure.dataclass_called": (
        "{file}, line {line}: calls or hands on dataclass; write it before a class of the file alone: @dataclass"
    ),
    "failure.attention_dropout": (
        "{file}, line {line}: scaled_dot_product_attention may draw random numbers here; call it with its arguments "
        "written out, and leave out dropout_p"
    ),
    "failure.list_outlives": (
        "{file}, line {line}: hands the list or dict {name} on, which outlives the call and could be changed; "
        "write a tuple, or make it within the op"
    ),
    "failure.tensor_outlives": (
        "{file}, line {line}: hands the tensor {name} on, which outlives the call and could be changed; make it "
        "within the op"
    ),
    "failure.instead_f_string": (
        "{file}, line {line}: uses {name}, by which a text reaches attributes; write an f-string"
    ),
    "failure.instead_autograd": (
        "{file}, line {line}: uses {name}; write torch.autograd.grad(...), which changes no tensor"
    ),
    "failure.instead_cached": (
        "{file}, line {line}: uses {name}, which keeps results; compute them in each call, since an op keeps "
        "nothing between calls"
    ),
    "failure.instead_compiled": (
        "{file}, line {line}: uses {name}; leave it out, since the trainer decides what is compiled"
    ),
    "failure.instead_probed": (
        "{file}, line {line}: asks for {name}, on which the result must not depend; compute the same in every case "
        "(.contiguous() costs nothing where a tensor is so already)"
    ),
    "failure.instead_grad_mode": (
        "{file}, line {line}: uses {name}; write with torch.enable_grad(): or with torch.no_grad():"
    ),
    "failure.instead_inference_mode": (
        "{file}, line {line}: uses {name}, which cuts the outputs off from the inputs; leave it out"
    ),
    "failure.instead_numpy": "{file}, line {line}: uses {name}; compute with torch",
    "failure.instead_files": "{file}, line {line}: uses {name}; an op needs no files and nothing of the system",
    "failure.instead_machinery": (
        "{file}, line {line}: uses {name}, by which Python runs other code or reaches other names; write out what "
        "is meant"
    ),
    "failure.instead_parameter": (
        "{file}, line {line}: uses {name}; declare what is learned in LEARNED_PARAMETERS, and the op is handed it"
    ),
    "failure.instead_random": (
        "{file}, line {line}: uses {name}, which draws random numbers; an op answers the same whenever it is given "
        "the same"
    ),
    "failure.instead_call": (
        "{file}, line {line}: uses .{name}; call the object itself, or .apply of an autograd function"
    ),
    "failure.instead_detach": "{file}, line {line}: uses .{name}; write .detach()",
    "failure.instead_unfold": (
        "{file}, line {line}: uses {name}, which reads memory beyond a tensor; write .unfold(dimension, size, step)"
    ),
    "failure.instead_operator": "{file}, line {line}: uses {name}; write the expression, or a lambda",
    "failure.instead_leave_out": "{file}, line {line}: uses {name}; leave it out",
    "failure.import_numpy": ("{file}, line {line}: imports {name}; a variant may import {allowed}; compute with torch"),
    "failure.import_system": (
        "{file}, line {line}: imports {name}; a variant may import {allowed}; "
        "an op needs no files and nothing of the system"
    ),
    "failure.import_random": (
        "{file}, line {line}: imports {name}; a variant may import {allowed}; an op draws no random numbers"
    ),
    "failure.import_operator": (
        "{file}, line {line}: imports {name}; a variant may import {allowed}; write the expression, or a lambda"
    ),
    "failure.import_copy": (
        "{file}, line {line}: imports {name}; a variant may import {allowed}; "
        "write x.clone() of a tensor, and list(x) or dict(x) of a container"
    ),
    "failure.import_enum": (
        "{file}, line {line}: imports {name}; a variant may import {allowed}; "
        "write the choices as numbers or texts at the top of the file"
    ),
    "failure.import_contextlib": (
        "{file}, line {line}: imports {name}; a variant may import {allowed}; write an if or a try in its place"
    ),
    "failure.import_checkpoint": (
        "{file}, line {line}: imports {name}; a variant may import {allowed}; "
        "call the function itself, without checkpointing"
    ),
    "failure.import_leave_out": ("{file}, line {line}: imports {name}; a variant may import {allowed}; leave it out"),
    "remark.decorator": "line {line}: the decorator {name} is left out: the trainer decides what is compiled",
    "means.narrowed": "the SwiGLU is {inner} wide, not {whole}: so it has no more parameters than the template",
    "means.larger": "larger, never better: it takes {ratio:.2f} times the {axis} of the template",
    "means.parameters": "parameters",
    "means.state": "bytes of state",
    "means.flops": "operations a token",
}
