"""Writes the SavedModel for TensorFlow Serving from the weights of the ONNX model, and refuses one that differs.

<name>/<version>/model.onnx in; <out>/<name>/<version>/ with the signature `serving_default` and a warm-up file out. The
graph is replayed node by node, so the names, types and shapes are those of the ONNX model, whatever its outputs are.
"""

import argparse
import sys
import tempfile
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import tensorflow as tf
from onnx_replay import OPS, replayed, shape_of, type_of

LIMIT, IMAGES, BATCH = 1e-4, 200, 32
# A distance has no upper bound: its difference is divided by its size where that is above 1.
RELATIVE = {"outlier_score"}
WARM_UP_BATCHES = 1, 8, 32


def field(number: int, content: bytes) -> bytes:
    """A length-delimited field of a protobuf message."""
    size, head = len(content), bytes([number << 3 | 2])
    while size > 127:
        head, size = head + bytes([size & 127 | 128]), size >> 7
    return head + bytes([size]) + content


def write(graph: onnx.GraphProto, name: str, folder: Path) -> None:
    [given] = graph.input
    pixels = tf.TensorSpec(shape_of(given), type_of(given.type.tensor_type.elem_type), given.name)
    module = tf.Module()
    module.serve = tf.function(lambda x: replayed(graph, x), input_signature=[pixels], autograph=False)
    tf.saved_model.save(module, folder, signatures={"serving_default": module.serve})
    (folder / "assets.extra").mkdir()
    # PredictionLog { predict_log = 6 }, PredictLog { request = 1 }; the fields of PredictRequest are in schema/proto.
    with tf.io.TFRecordWriter(str(folder / "assets.extra" / "tf_serving_warmup_requests")) as file:
        for n in WARM_UP_BATCHES:
            # One grey for all pixels takes two bytes: a shortened list repeats its last value.
            tensor = tf.make_tensor_proto(128, pixels.dtype, [n, *pixels.shape[1:]]).SerializeToString()
            request = field(1, field(1, name.encode()) + field(3, b"serving_default"))
            request += field(2, field(1, pixels.name.encode()) + field(2, tensor))
            file.write(field(6, field(1, request)))


def pictures(file: Path | None) -> np.ndarray:
    """uint8 [n, 256, 256, 3]: up to IMAGES spread over the file, or as many seeded clouds of different grain."""
    if file:
        grey = np.fromfile(file, np.uint8).reshape(-1, 256, 256, 1)
        grey = grey[np.linspace(0, len(grey) - 1, min(IMAGES, len(grey))).astype(int)]
    else:
        rng = np.random.default_rng(1)
        clouds = [rng.random((2 + i % 30, 2 + i % 30, 1)) for i in range(IMAGES)]
        grey = np.stack([tf.image.resize(cloud, [256, 256]).numpy() * 255 for cloud in clouds]).astype(np.uint8)
    return np.repeat(grey, 3, 3)


def differences(model: Path, folder: Path, images: np.ndarray) -> dict[str, float]:
    """The largest difference of each output; not a number when one of the two gives none."""
    session = onnxruntime.InferenceSession(model)
    served = tf.saved_model.load(folder).signatures["serving_default"]
    worst = {}
    for batch in (images[i : i + BATCH] for i in range(0, len(images), BATCH)):
        ours = served(**{session.get_inputs()[0].name: tf.constant(batch)})
        for one, theirs in zip(session.get_outputs(), session.run(None, {session.get_inputs()[0].name: batch})):
            if ours[one.name].shape != theirs.shape:
                sys.exit(f"{one.name} has the shape {ours[one.name].shape}, in ONNX Runtime {theirs.shape}")
            scale = np.maximum(np.abs(theirs), 1) if one.name in RELATIVE else 1
            difference = (np.abs(ours[one.name].numpy() - theirs) / scale).max()
            worst[one.name] = np.maximum(worst.get(one.name, 0), difference)
    return worst


def main() -> None:
    cli = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    cli.add_argument("--model", type=Path, default=Path("serving/models/covid19/1/model.onnx"))
    cli.add_argument("--out", type=Path, default=Path("serving/saved-models"))
    cli.add_argument("--images", type=Path, help="uint8 [n, 256, 256], such as val.u8; without it seeded smooth noise")
    args = cli.parse_args()
    name, version = args.model.resolve().parent.parts[-2:]
    destination = args.out / name / version
    if not version.isdigit():
        sys.exit(f"expected <name>/<version>/model.onnx with a number as the version, but got: {args.model}")
    if destination.exists():
        sys.exit(f"{destination} exists, and TensorFlow Serving reads a version once: remove it or write another one")
    graph = onnx.load(args.model).graph
    unknown = sorted({node.op_type for node in graph.node} - OPS.keys())
    if unknown:
        sys.exit(f"no TensorFlow counterpart for the ONNX operators: {', '.join(unknown)}")
    args.out.mkdir(parents=True, exist_ok=True)
    # Beside <out>/<name>, which TensorFlow Serving watches: it sees a whole version or none.
    with tempfile.TemporaryDirectory(prefix=".unfinished-", dir=args.out) as unfinished:
        folder = Path(unfinished) / version
        write(graph, name, folder)
        worst = differences(args.model, folder, pictures(args.images))
        for output, difference in worst.items():
            print(f"{output}: largest {'relative' if output in RELATIVE else 'absolute'} difference {difference:.1e}")
        # Not a number is not below the limit, and no image is no proof.
        if not worst or not all(difference < LIMIT for difference in worst.values()):
            sys.exit(f"the SavedModel is not within {LIMIT} of ONNX Runtime; nothing was written")
        destination.parent.mkdir(exist_ok=True)
        folder.rename(destination)
    print(f"{destination} (TensorFlow {tf.__version__})")


if __name__ == "__main__":
    main()
