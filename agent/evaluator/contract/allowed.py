"""Everything that a variant may name. What is not listed here is refused: agent/evaluator/contract/gate.py looks it up.

A name belongs here if an op may need it and if it computes something from its arguments and does nothing else. It must
not draw random numbers, change a setting of the process, read or write files, run code from a text, or lead to objects
of Python's own machinery (frames, code, modules, dictionaries of names).
"""


def _names(text: str) -> frozenset[str]:
    return frozenset(text.split())


BUILTINS = _names(
    """
    abs all any bool callable complex dict divmod enumerate filter float frozenset int isinstance issubclass iter len
    list map max min next object pow print range repr reversed round set slice sorted str sum tuple zip
    classmethod property staticmethod NotImplemented Ellipsis
    ArithmeticError AssertionError AttributeError DeprecationWarning Exception FloatingPointError FutureWarning
    ImportError IndexError KeyError LookupError NotImplementedError OverflowError RuntimeError RuntimeWarning
    StopIteration TypeError UserWarning ValueError Warning ZeroDivisionError
    """
)
# These may be called in one form alone: type(x) in a comparison, super().__init__(...), getattr(x, "name").
SPECIAL_BUILTINS = _names("getattr hasattr super type")

# Products, sums, reshaping and the like, that torch has both as a function and as a method of a tensor.
_OPERATIONS = _names(
    """
    abs absolute acos acosh add addbmm addcdiv addcmul addmm addmv addr adjoint all allclose amax amin aminmax angle any
    arccos arccosh arcsin arcsinh arctan arctan2 arctanh argmax argmin argsort argwhere asin asinh atan atan2 atanh
    baddbmm bincount bitwise_and bitwise_left_shift bitwise_not bitwise_or bitwise_right_shift bitwise_xor bmm
    broadcast_to ceil cholesky cholesky_inverse cholesky_solve chunk clamp clamp_max clamp_min clip clone conj
    conj_physical copysign corrcoef cos cosh count_nonzero cov cross cummax cummin cumprod cumsum deg2rad det detach
    diag diag_embed diagflat diagonal diagonal_scatter diff digamma dist div divide dot dsplit eq equal erf erfc erfinv
    exp exp2 expm1 fix flatten flip fliplr flipud float_power floor floor_divide fmax fmin fmod frac frexp gather gcd ge
    ger greater greater_equal gt hardshrink heaviside histc hsplit hypot i0 igamma igammac imag index_add index_copy
    index_fill index_put index_reduce index_select inner inverse is_complex is_conj is_floating_point is_nonzero
    is_same_size isclose isfinite isinf isnan isneginf isposinf isreal kron kthvalue lcm ldexp le lerp less less_equal
    lgamma log log10 log1p log2 log_softmax logaddexp logaddexp2 logcumsumexp logdet logical_and logical_not logical_or
    logical_xor logit logsumexp lt lu_solve masked_fill masked_scatter masked_select matmul matrix_exp matrix_power max
    maximum mean median min minimum mm mode moveaxis movedim msort mul multiply mv mvlgamma nan_to_num nanmean nanmedian
    nanquantile nansum narrow ne neg negative nextafter nonzero norm not_equal numel outer permute pinverse polygamma
    positive pow prelu prod qr quantile rad2deg ravel real reciprocal relu remainder renorm repeat_interleave reshape
    resolve_conj resolve_neg roll rot90 round rsqrt scatter scatter_add scatter_reduce select select_scatter sgn sigmoid
    sign signbit sin sinc sinh slice_scatter slogdet softmax sort split split_with_sizes sqrt square squeeze std sub
    subtract sum svd swapaxes swapdims t take take_along_dim tan tanh tensor_split tile topk trace transpose tril triu
    true_divide trunc unbind unflatten unique unique_consecutive unsqueeze var vdot vsplit where xlogy
    """
)
_TORCH = _OPERATIONS | _names(
    """
    Size Tensor arange as_tensor asarray atleast_1d atleast_2d atleast_3d autocast bartlett_window bilinear
    blackman_window block_diag broadcast_shapes broadcast_tensors bucketize can_cast cartesian_prod cat cdist celu
    chain_matmul channel_shuffle column_stack combinations complex concat concatenate constant_pad_nd conv1d conv2d
    conv3d conv_transpose1d conv_transpose2d conv_transpose3d cosine_similarity cumulative_trapezoid device dstack dtype
    einsum embedding empty empty_like enable_grad eye finfo full full_like gradient group_norm
    hamming_window hann_window hstack iinfo instance_norm is_tensor isin kaiser_window layer_norm linspace logspace
    lu_unpack meshgrid no_grad ones ones_like pairwise_distance polar promote_types range result_type rms_norm row_stack
    rsub scalar_tensor searchsorted selu stack std_mean stft istft tensor tensordot threshold trapezoid trapz
    tril_indices triu_indices unravel_index vander var_mean view_as_complex view_as_real vmap vstack zeros zeros_like
    bfloat16 bool cdouble cfloat complex64 complex128 double float float16 float32 float64 half int int8 int16 int32
    int64 long short uint8 uint16 uint32 uint64
    contiguous_format preserve_format strided inf nan newaxis pi e
    abs_ clamp_ exp_ fill_ neg_ relu_ sigmoid_ sqrt_ tanh_ zero_
    """
)
_FUNCTIONAL = _names(
    """
    adaptive_avg_pool1d adaptive_max_pool1d avg_pool1d avg_pool2d avg_pool3d bilinear binary_cross_entropy
    binary_cross_entropy_with_logits celu celu_ channel_shuffle conv1d conv2d conv3d conv_tbc conv_transpose1d
    conv_transpose2d conv_transpose3d cosine_similarity cross_entropy elu elu_ embedding fold gelu glu group_norm
    hardshrink hardsigmoid hardswish hardtanh hardtanh_ huber_loss instance_norm interpolate kl_div l1_loss layer_norm
    leaky_relu leaky_relu_ linear local_response_norm log_softmax logsigmoid lp_pool1d max_pool1d max_pool2d mish
    mse_loss nll_loss normalize one_hot pad pairwise_distance pdist pixel_shuffle pixel_unshuffle prelu relu relu6 relu_
    rms_norm scaled_dot_product_attention selu selu_ sigmoid silu smooth_l1_loss softmax softmin softplus softshrink
    softsign tanh tanhshrink threshold unfold
    """
)
_LINALG = _names(
    """
    LinAlgError cholesky cholesky_ex cond cross det diagonal eig eigh eigvals eigvalsh householder_product inv inv_ex
    ldl_factor ldl_solve lstsq lu lu_factor lu_solve matmul matrix_exp matrix_norm matrix_power matrix_rank multi_dot
    norm pinv qr slogdet solve solve_ex solve_triangular svd svdvals tensorinv tensorsolve vander vecdot vector_norm
    """
)
_FFT = _names(
    """
    fft fft2 fftfreq fftn fftshift hfft hfft2 hfftn ifft ifft2 ifftn ifftshift ihfft ihfft2 ihfftn irfft irfft2 irfftn
    rfft rfft2 rfftfreq rfftn
    """
)
_SPECIAL = _names(
    """
    airy_ai bessel_j0 bessel_j1 bessel_y0 bessel_y1 digamma entr erf erfc erfcx erfinv exp2 expit expm1 gammainc
    gammaincc gammaln i0 i0e i1 i1e log1p log_ndtr log_softmax logit logsumexp multigammaln ndtr ndtri polygamma psi
    round sinc softmax xlog1py xlogy zeta
    """
)
_MATH = _names(
    """
    acos acosh asin asinh atan atan2 atanh cbrt ceil comb copysign cos cosh degrees dist e erf erfc exp exp2 expm1 fabs
    factorial floor fmod frexp fsum gamma gcd hypot inf isclose isfinite isinf isnan isqrt lcm ldexp lgamma log log10
    log1p log2 modf nan nextafter perm pi pow prod radians remainder sin sinh sqrt tan tanh tau trunc ulp
    """
)
_ABSTRACT = _names("Callable Collection Generator Hashable Iterable Iterator Mapping Reversible Sequence Set Sized")

# Module -> what may be taken out of it. A module that is named in another's line may be reached through it.
MODULES = {
    "torch": _TORCH | _names("nn linalg fft special autograd func amp"),
    "torch.nn": _names("functional Module"),
    "torch.nn.functional": _FUNCTIONAL,
    "torch.linalg": _LINALG,
    "torch.fft": _FFT,
    "torch.special": _SPECIAL,
    "torch.autograd": _names("Function grad function"),
    "torch.autograd.function": _names("once_differentiable"),
    "torch.func": _names("grad grad_and_value hessian jacfwd jacrev jvp vjp vmap"),
    "torch.amp": _names("autocast"),
    "math": _MATH,
    "einops": _names("einsum pack parse_shape rearrange reduce repeat unpack"),
    "agent.kernels": _names(
        "channel_decay_between decay_between rms_norm short_convolution split_into_chunks unit_lower_inverse"
    ),
    "collections": _names("abc deque OrderedDict defaultdict"),
    "collections.abc": _ABSTRACT,
    "dataclasses": _names("dataclass field replace"),
    "functools": _names("partial reduce"),
    "itertools": _names(
        "accumulate chain combinations combinations_with_replacement compress count cycle dropwhile filterfalse"
        " groupby islice pairwise permutations product repeat starmap takewhile tee zip_longest"
    ),
    "typing": _ABSTRACT
    | _names(
        "Annotated Any ClassVar Dict Final FrozenSet List Literal NamedTuple Optional Protocol Tuple Type TypeAlias"
        " TypeVar Union TYPE_CHECKING cast"
    ),
    "warnings": _names("warn"),
}

# Methods and attributes of tensors, and of what the functions above return: their sizes, types, devices and parts.
_OF_TENSORS = _OPERATIONS | _names(
    """
    H T bfloat16 bool byte cdouble cfloat contiguous cpu cuda device dim double dtype
    element_size expand expand_as float get_device half index int int_repr is_cpu is_cuda is_signed item itemsize layout
    long mH mT nbytes ndim ndimension nelement new_empty new_full new_ones new_tensor new_zeros repeat requires_grad
    requires_grad_ reshape_as shape short size stft istft sum_to_size to tolist type type_as unfold view view_as
    abs_ acos_ add_ addbmm_ addcdiv_ addcmul_ addmm_ addmv_ asin_ atan_ baddbmm_ bitwise_and_ bitwise_not_ bitwise_or_
    bitwise_xor_ ceil_ clamp_ clamp_max_ clamp_min_ clip_ copy_ copysign_ cos_ cosh_ cumprod_ cumsum_ div_ divide_ eq_
    erf_ erfc_ exp_ exp2_ expm1_ fill_ fill_diagonal_ floor_ floor_divide_ fmod_ frac_ ge_ gt_ hypot_ index_add_
    index_copy_ index_fill_ index_put_ index_reduce_ le_ lerp_ log_ log10_ log1p_ log2_ logical_and_ logical_not_
    logical_or_ logical_xor_ logit_ lt_ masked_fill_ masked_scatter_ mul_ multiply_ nan_to_num_ ne_ neg_ negative_ pow_
    put_ reciprocal_ relu_ remainder_ renorm_ round_ rsqrt_ scatter_ scatter_add_ scatter_reduce_ sgn_ sigmoid_ sign_
    sin_ sinc_ sinh_ sqrt_ square_ squeeze_ sub_ subtract_ swapaxes_ t_ tan_ tanh_ transpose_ tril_ triu_ trunc_
    unsqueeze_ xlogy_ zero_
    values indices eps tiny smallest_normal resolution bits LU pivots info Q R L U S V Vh eigenvalues eigenvectors
    solution residuals rank singular_values sign logabsdet hessian
    """
)
_OF_PYTHON = _names(
    """
    append appendleft as_integer_ratio bit_count bit_length clear conjugate copy count difference discard denominator
    endswith extend extendleft fromkeys get index insert intersection is_integer isdigit isdisjoint issubset issuperset
    items join keys lower lstrip maxlen move_to_end numerator pop popitem popleft remove removeprefix removesuffix
    replace reverse rotate rstrip setdefault sort split splitlines start startswith step stop strip symmetric_difference
    title union update upper values zfill _asdict _replace
    """
)
# Of torch.autograd.Function and the context of its forward and backward, and of torch.nn.Module.
_OF_FUNCTIONS = _names(
    "apply mark_non_differentiable needs_input_grad save_for_backward saved_tensors set_materialize_grads"
)
ATTRIBUTES = _OF_TENSORS | _OF_PYTHON | _OF_FUNCTIONS
IN_PLACE = frozenset(name for name in ATTRIBUTES if name.endswith("_")) | _names(
    "append appendleft clear discard extend extendleft insert move_to_end pop popitem popleft remove reverse rotate"
    " setdefault sort update"
)

# What to write instead of names that are often met: the key of a sentence in agent/core/languages -> such names.
_INSTEAD = {
    "failure.instead_f_string": "format format_map vformat",
    "failure.instead_autograd": "grad backward retain_grad",
    "failure.instead_cached": "cache lru_cache cached_property memoize",
    "failure.instead_compiled": "compile jit compiler set_num_threads use_deterministic_algorithms",
    "failure.instead_probed": "is_contiguous stride storage_offset is_leaf grad_fn is_grad_enabled",
    "failure.instead_grad_mode": "set_grad_enabled",
    "failure.instead_inference_mode": "inference_mode",
    "failure.instead_numpy": "numpy scipy from_numpy np",
    "failure.instead_files": "open save load os sys pathlib io",
    "failure.instead_machinery": "exec eval __import__ importlib globals locals vars setattr",
    "failure.instead_parameter": "Parameter Linear Conv1d Embedding LayerNorm init",
    "failure.instead_random": """
        random manual_seed seed rand randn rand_like randn_like randint randperm normal bernoulli multinomial poisson
        dropout gumbel_softmax normal_ uniform_ bernoulli_ exponential_ Generator Dropout
    """,
    "failure.instead_call": "forward",
    "failure.instead_detach": "data detach_",
    "failure.instead_unfold": "as_strided",
    "failure.instead_operator": "operator",
    "failure.instead_leave_out": "wraps filterwarnings simplefilter register_hook get_type_hints",
}
# The same of modules that are often imported, whose names may be those of methods, as copy is.
_INSTEAD_OF_MODULES = {
    "failure.import_numpy": "numpy scipy",
    "failure.import_system": "os sys pathlib io shutil tempfile",
    "failure.import_random": "random secrets",
    "failure.import_operator": "operator",
    "failure.import_copy": "copy",
    "failure.import_enum": "enum",
    "failure.import_contextlib": "contextlib",
    "failure.import_checkpoint": "torch.utils.checkpoint",
    "failure.import_leave_out": "logging time timeit tqdm inspect importlib pdb gc",
}
INSTEAD_OF_MODULES = {name: key for key, names in _INSTEAD_OF_MODULES.items() for name in names.split()}
INSTEAD = {name: key for key, names in _INSTEAD.items() for name in names.split()}
