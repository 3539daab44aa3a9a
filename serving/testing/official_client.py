"""Speaks to a running model server with the official protos of TensorFlow Serving. official-client.sh starts both.

Usage: official_client.py HOST:PORT. The server has the models covid19 and slow.
"""

import sys

import grpc
import numpy as np
from tensorflow.core.framework import tensor_pb2, tensor_shape_pb2, types_pb2
from tensorflow_serving.apis import (
    get_model_metadata_pb2,
    get_model_status_pb2,
    model_pb2,
    model_service_pb2_grpc,
    predict_pb2,
    prediction_service_pb2_grpc,
)

LIMIT = 64 << 20
options = [("grpc.max_receive_message_length", LIMIT), ("grpc.max_send_message_length", LIMIT)]
channel = grpc.insecure_channel(sys.argv[1], options)
prediction = prediction_service_pb2_grpc.PredictionServiceStub(channel)
models = model_service_pb2_grpc.ModelServiceStub(channel)
images = np.random.default_rng(7).integers(0, 256, (9, 256, 256, 3), np.uint8)


def spec(name="covid19", version=None, **more):
    made = model_pb2.ModelSpec(name=name, **more)
    if version is not None:
        made.version.value = version
    return made


def shape(*sizes):
    return tensor_shape_pb2.TensorShapeProto(dim=[tensor_shape_pb2.TensorShapeProto.Dim(size=size) for size in sizes])


def content(array, dtype=types_pb2.DT_UINT8):
    return tensor_pb2.TensorProto(dtype=dtype, tensor_shape=shape(*array.shape), tensor_content=array.tobytes())


def request(inputs, model=None, output_filter=()):
    return predict_pb2.PredictRequest(model_spec=model or spec(), inputs=inputs, output_filter=output_filter)


def predict(*args, **more):
    return prediction.Predict(request(*args, **more), timeout=30)


def array(tensor):
    """As tf.make_ndarray: bytes, or the typed values."""
    sizes = [dim.size for dim in tensor.tensor_shape.dim]
    assert tensor.dtype == types_pb2.DT_FLOAT
    values = np.frombuffer(tensor.tensor_content, np.float32) if tensor.tensor_content else np.array(tensor.float_val, np.float32)
    return values.reshape(sizes)


def refusal(call):
    try:
        call()
    except grpc.RpcError as error:
        return error.code(), error.details()
    raise AssertionError("not refused")


answer = predict({"input": content(images)})
probabilities = array(answer.outputs["probabilities"])
cams = array(answer.outputs["cams"])
assert probabilities.shape == (9, 3) and cams.shape == (9, 16, 16, 3)
assert np.allclose(probabilities.sum(1), 1, atol=1e-5)
assert (answer.model_spec.name, answer.model_spec.version.value) == ("covid19", 1)
assert answer.model_spec.signature_name == "serving_default"
print("Predict, tensor_content, a batch of 9")

typed = tensor_pb2.TensorProto(dtype=types_pb2.DT_UINT8, tensor_shape=shape(1, 256, 256, 3), int_val=images[:1].ravel().tolist())
assert np.allclose(array(predict({"input": typed}).outputs["probabilities"]), probabilities[:1], atol=1e-5)
print("Predict, int_val")

row = tensor_pb2.TensorProto(dtype=types_pb2.DT_FLOAT, tensor_shape=shape(2, 4), float_val=[1, 2, 3, 4, 5, 6, 7, 8])
assert array(predict({"input": row}, spec("slow")).outputs["mean"]).tolist() == [2.5, 6.5]
same = tensor_pb2.TensorProto(dtype=types_pb2.DT_FLOAT, tensor_shape=shape(3, 4), float_val=[0.5])
assert array(predict({"input": same}, spec("slow", 1)).outputs["mean"]).tolist() == [0.5, 0.5, 0.5]
print("Predict, float_val, shortened float_val, a version")

only = predict({"input": content(images[:2])}, output_filter=["cams"])
assert list(only.outputs) == ["cams"] and np.array_equal(array(only.outputs["cams"]), cams[:2])
print("Predict, output_filter")

metadata = prediction.GetModelMetadata(
    get_model_metadata_pb2.GetModelMetadataRequest(model_spec=spec(), metadata_field=["signature_def"]), timeout=5
)
signatures = get_model_metadata_pb2.SignatureDefMap()
assert metadata.metadata["signature_def"].Unpack(signatures)
signature = signatures.signature_def["serving_default"]
assert signature.method_name == "tensorflow/serving/predict"
assert signature.inputs["input"].dtype == types_pb2.DT_UINT8
assert [dim.size for dim in signature.inputs["input"].tensor_shape.dim] == [-1, 256, 256, 3]
assert [dim.size for dim in signature.outputs["cams"].tensor_shape.dim] == [-1, 16, 16, 3]
print("GetModelMetadata, Any with SignatureDefMap")


def status(model):
    return models.GetModelStatus(get_model_status_pb2.GetModelStatusRequest(model_spec=model), timeout=5)


(version,) = status(spec()).model_version_status
assert (version.version, version.state, version.status.error_code) == (1, get_model_status_pb2.ModelVersionStatus.AVAILABLE, 0)
print("GetModelStatus")

one = {"input": content(images[:1])}
empty = get_model_metadata_pb2.GetModelMetadataRequest(model_spec=spec())
odd = get_model_metadata_pb2.GetModelMetadataRequest(model_spec=spec(), metadata_field=["x"])
half = tensor_pb2.TensorProto(dtype=types_pb2.DT_UINT8, tensor_shape=shape(2, 256, 256, 3), tensor_content=images[0].tobytes())
code = grpc.StatusCode
REFUSED = [
    (lambda: predict(one, spec("xray")), code.NOT_FOUND, "Servable not found for request: Latest(xray)"),
    (lambda: predict(one, spec(version=7)), code.NOT_FOUND, "Servable not found for request: Specific(covid19, 7)"),
    (lambda: predict(one, spec("")), code.INVALID_ARGUMENT, "ModelSpec has no name specified."),
    (
        lambda: predict(one, spec(version_label="stable")),
        code.INVALID_ARGUMENT,
        "Unrecognized servable version label: stable",
    ),
    (
        lambda: predict(one, spec(signature_name="foo")),
        code.FAILED_PRECONDITION,
        'Serving signature key "foo" not found.',
    ),
    (
        lambda: predict({}),
        code.INVALID_ARGUMENT,
        "input size does not match signature: 0!=1 len({}) != len({input}). Sent extra: {}. Missing but required: {input}.",
    ),
    (
        lambda: predict({"x": content(images[:1])}),
        code.INVALID_ARGUMENT,
        "input tensor alias not found in signature: x. Inputs expected to be in the set {input}.",
    ),
    (lambda: predict({"input": half}), code.INVALID_ARGUMENT, "tensor parsing error: input"),
    (
        lambda: predict({"input": content(images[:1].astype(np.float32), types_pb2.DT_FLOAT)}),
        code.INVALID_ARGUMENT,
        "Expects arg[0] to be uint8 but float is provided",
    ),
    (
        lambda: predict(one, output_filter=["cams", "cams"]),
        code.INVALID_ARGUMENT,
        "duplicate output tensor alias: cams",
    ),
    (
        lambda: predict({"input": content(np.zeros((65, 256, 256, 3), np.uint8))}),
        code.INVALID_ARGUMENT,
        "Task size 65 is larger than maximum input batch size 64",
    ),
    (
        lambda: prediction.GetModelMetadata(empty, timeout=5),
        code.INVALID_ARGUMENT,
        "GetModelMetadataRequest must specify at least one metadata_field",
    ),
    (
        lambda: prediction.GetModelMetadata(odd, timeout=5),
        code.INVALID_ARGUMENT,
        "Metadata field x is not supported",
    ),
    (lambda: status(None), code.INVALID_ARGUMENT, "Missing ModelSpec"),
    (lambda: status(spec("m")), code.NOT_FOUND, "Could not find any versions of model m"),
    (lambda: status(spec(version=7)), code.NOT_FOUND, "Could not find version 7 of model covid19"),
]
for call, wanted, sentence in REFUSED:
    came = refusal(call)
    assert came == (wanted, sentence), came
print(f"{len(REFUSED)} refusals, code and sentence")

long = request({"input": content(np.ones((64, 4), np.float32), types_pb2.DT_FLOAT)}, spec("slow"))
assert refusal(lambda: prediction.Predict(long, timeout=0.05))[0] == code.DEADLINE_EXCEEDED
print("a deadline")
