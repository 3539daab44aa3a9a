"""Writes testing/models/brightness/1/model.onnx: another network, with labels, map size and thresholds of its own.

It tells bright pictures from dark ones by the model's contract: M_c = sum_k W_kc A_k over 4 x 4 cells, one feature (the
mean grey of a cell, -1 to 1) and two labels of opposite weights.
"""

from pathlib import Path

import numpy as np
from onnx import TensorProto, checker, helper, numpy_helper, save

weights = np.array([[-4, 4]], np.float32)
constants = {"scale": np.float32(1 / 127.5), "one": np.float32(1), "weights": weights}
nodes = [
    helper.make_node("Cast", ["input"], ["float"], to=TensorProto.FLOAT),
    helper.make_node("ReduceMean", ["float"], ["grey"], axes=[3], keepdims=1),
    helper.make_node("Transpose", ["grey"], ["planes"], perm=[0, 3, 1, 2]),
    helper.make_node("AveragePool", ["planes"], ["cells"], kernel_shape=[64, 64], strides=[64, 64]),
    helper.make_node("Transpose", ["cells"], ["features"], perm=[0, 2, 3, 1]),
    helper.make_node("Mul", ["features", "scale"], ["scaled"]),
    helper.make_node("Sub", ["scaled", "one"], ["centred"]),
    helper.make_node("MatMul", ["centred", "weights"], ["cams"]),
    helper.make_node("ReduceMean", ["cams"], ["logits"], axes=[1, 2], keepdims=0),
    helper.make_node("Softmax", ["logits"], ["probabilities"], axis=1),
]
graph = helper.make_graph(
    nodes,
    "brightness",
    [helper.make_tensor_value_info("input", TensorProto.UINT8, ["N", 256, 256, 3])],
    [
        helper.make_tensor_value_info("probabilities", TensorProto.FLOAT, ["N", 2]),
        helper.make_tensor_value_info("cams", TensorProto.FLOAT, ["N", 4, 4, 2]),
    ],
    [numpy_helper.from_array(np.asarray(value), name) for name, value in constants.items()],
)
model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
checker.check_model(model, full_check=True)
save(model, Path(__file__).parent / "models/brightness/1/model.onnx")
