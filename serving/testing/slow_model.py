"""Writes testing/slow-models/slow/1/model.onnx: a small network that takes its time, some 10 ms of a core for each row.

It multiplies a matrix filled with the mean of the row's four numbers by the identity 4,000 times: the answer is that mean.
"""

from pathlib import Path

import numpy as np
from onnx import TensorProto, checker, helper, numpy_helper, save

constants = {
    "identity": np.eye(64, dtype=np.float32),
    "square": np.array([1, 64, 64], np.int64),
    "row": np.array([-1, 1, 1], np.int64),
    "rounds": np.array(4_000, np.int64),
    "always": np.array(True),
}
value = helper.make_tensor_value_info
body = helper.make_graph(
    [
        helper.make_node("MatMul", ["before", "identity"], ["after"]),
        helper.make_node("Identity", ["goes_on"], ["still"]),
    ],
    "round",
    [
        value("round", TensorProto.INT64, []),
        value("goes_on", TensorProto.BOOL, []),
        value("before", TensorProto.FLOAT, ["N", 64, 64]),
    ],
    [value("still", TensorProto.BOOL, []), value("after", TensorProto.FLOAT, ["N", 64, 64])],
)
nodes = [
    helper.make_node("ReduceMean", ["input"], ["means"], axes=[1], keepdims=1),
    helper.make_node("Reshape", ["means", "row"], ["rows"]),
    helper.make_node("Expand", ["rows", "square"], ["matrices"]),
    helper.make_node("Loop", ["rounds", "always", "matrices"], ["result"], body=body),
    helper.make_node("ReduceMean", ["result"], ["mean"], axes=[1, 2], keepdims=0),
]
graph = helper.make_graph(
    nodes,
    "slow",
    [value("input", TensorProto.FLOAT, ["N", 4])],
    [value("mean", TensorProto.FLOAT, ["N"])],
    [numpy_helper.from_array(array, name) for name, array in constants.items()],
)
model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
checker.check_model(model, full_check=True)
save(model, Path(__file__).parent / "slow-models/slow/1/model.onnx")
