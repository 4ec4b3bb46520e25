"""The operators that a graph of unknown structure may have, if its user trusts it.

Tensor arithmetic of which the sizes can be told before it runs (shape_rules.py): no randomness, no
strings, no files, nothing that makes a tensor of a size that data decide. Not among them is
ConvTranspose, whose paddings onnxruntime does not check: a wrong one ends the process. Nor
DequantizeLinear, with which a Conv would become a QLinearConv that nobody has looked at
(trusted_graph.py). Of control flow only Scan, which runs its body once for each slice of a tensor;
that may be many slices of nothing, so they are counted, and it may not stand within another.
"""

_OPERATORS = """
    Abs Add And Cast Clip Concat Constant Conv Cos CumSum Div Equal Exp Expand Floor Gather
    GatherElements Gemm Greater GreaterOrEqual Identity Less LessOrEqual Log MatMul MatMulInteger
    Max Min Mod Mul Neg Not Or Pad Pow QLinearConv QuantizeLinear Range Reciprocal ReduceMax
    ReduceMean ReduceMin ReduceSum Relu Reshape Round Scan Shape Sigmoid Sign Sin Slice Softplus
    Split Sqrt Squeeze Sub Sum Tanh Transpose Unsqueeze Where
"""
OPERATORS = frozenset(_OPERATORS.split())
