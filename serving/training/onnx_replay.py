"""Replays an ONNX graph in TensorFlow, node by node."""

import sys

import numpy as np
import onnx
import tensorflow as tf


def static(values, absent=None):
    """Axes and bounds as numbers: TensorFlow wants them when the graph is made."""
    if values is None:
        return absent
    known = tf.get_static_value(values)
    if known is None:
        raise ValueError("an axis or a bound that depends on the input is not supported")
    return np.atleast_1d(known).tolist()


def windows(slide, x, pads, value=0.0):
    """`slide` over the padded x, NCHW in and out: on a CPU TensorFlow convolves and pools in NHWC alone."""
    top, left, bottom, right = pads
    x = tf.transpose(x, [0, 2, 3, 1])
    x = tf.pad(x, [[0, 0], [top, bottom], [left, right], [0, 0]], constant_values=value) if any(pads) else x
    return tf.transpose(slide(x), [0, 3, 1, 2])


def conv(x, w, b=None, kernel_shape=None, strides=(1, 1), pads=(0, 0, 0, 0), dilations=(1, 1), group=1):
    def slide(x):
        # A depthwise convolution has no strides together with dilations in TensorFlow.
        if group == x.shape[-1] > 1 in (max(strides), max(dilations)):
            filters = tf.transpose(tf.reshape(w, [group, -1, *w.shape[2:]]), [2, 3, 0, 1])
            return tf.nn.depthwise_conv2d(x, filters, [1, *strides, 1], "VALID", dilations=dilations)
        parts = zip(tf.split(x, group, -1), tf.split(tf.transpose(w, [2, 3, 1, 0]), group, -1))
        return tf.concat([tf.nn.conv2d(*part, strides, "VALID", dilations=dilations) for part in parts], -1)

    return windows(slide if b is None else lambda x: tf.nn.bias_add(slide(x), b), x, pads)


def average_pool(x, kernel_shape, strides=(1, 1), pads=(0, 0, 0, 0), count_include_pad=0):
    mean = lambda x: windows(lambda x: tf.nn.avg_pool2d(x, kernel_shape, strides, "VALID"), x, pads)
    return mean(x) if count_include_pad or not any(pads) else mean(x) / mean(tf.ones_like(x))


def max_pool(x, kernel_shape, strides=(1, 1), pads=(0, 0, 0, 0), dilations=(1, 1)):
    slide = lambda x: tf.nn.pool(x, kernel_shape, "MAX", strides, "VALID", None, dilations)
    return windows(slide, x, pads, x.dtype.min)


def batch_normalization(x, scale, shift, mean, variance, epsilon=1e-5, momentum=0.9):
    channels = [-1] + [1] * (len(x.shape) - 2)
    return tf.nn.batch_normalization(x, *(tf.reshape(p, channels) for p in (mean, variance, shift, scale)), epsilon)


def gemm(a, b, c=0.0, alpha=1.0, beta=1.0, transA=0, transB=0):
    return alpha * tf.matmul(a, b, bool(transA), bool(transB)) + beta * c


def reshape(x, shape):
    """A zero keeps the size of x."""
    sizes = tf.get_static_value(shape)
    return tf.reshape(x, shape if sizes is None else [n or x.shape[i] or tf.shape(x)[i] for i, n in enumerate(sizes)])


def unsqueeze(x, axes):
    for axis in sorted(axis % (len(x.shape) + len(static(axes))) for axis in static(axes)):
        x = tf.expand_dims(x, axis)
    return x


def cut(x, starts, ends, axes=None, steps=None):
    parts, count = [slice(None)] * len(x.shape), len(static(starts))
    axes, steps = static(axes, range(count)), static(steps, [1] * count)
    for axis, *bounds, step in zip(axes, static(starts), static(ends), steps):
        # "To the end" is written as a number beyond any size.
        parts[axis] = slice(*(None if abs(bound) >= 2**31 - 1 else bound for bound in bounds), step)
    return x[tuple(parts)]


def gather(x, indices, axis=0):
    return tf.gather(x, tf.where(indices < 0, indices + tf.shape(x, indices.dtype)[axis], indices), axis=axis)


def reduced(reduce):
    return lambda x, axes=None, keepdims=1: reduce(x, static(axes), bool(keepdims))


def type_of(element: int) -> tf.DType:
    return tf.as_dtype(onnx.helper.tensor_dtype_to_np_dtype(element))


def shape_of(value: onnx.ValueInfoProto) -> list[int | None]:
    return [size.dim_value or None for size in value.type.tensor_type.shape.dim]


# Called with a node's inputs in order and its attributes by name; an attribute the function does not take is refused.
OPS = {
    "AveragePool": average_pool,
    "BatchNormalization": batch_normalization,
    "Cast": lambda x, to: tf.cast(x, type_of(to)),
    "Clip": lambda x, min=None, max=None: tf.clip_by_value(
        x, x.dtype.min if min is None else min, x.dtype.max if max is None else max
    ),
    "Concat": lambda *parts, axis: tf.concat(parts, axis),
    "Constant": lambda value: tf.constant(onnx.numpy_helper.to_array(value)),
    "Conv": conv,
    "Div": lambda x, y: tf.truncatediv(x, y) if x.dtype.is_integer else x / y,
    "Einsum": lambda *factors, equation: tf.einsum(equation.decode(), *factors),
    "Expand": lambda x, shape: tf.broadcast_to(x, tf.broadcast_dynamic_shape(tf.shape(x, shape.dtype), shape)),
    "Flatten": lambda x, axis=1: tf.reshape(x, [tf.reduce_prod(tf.shape(x)[:axis]), int(np.prod(x.shape[axis:]))]),
    "Gather": gather,
    "Gemm": gemm,
    "GlobalAveragePool": lambda x: tf.reduce_mean(x, range(2, len(x.shape)), True),
    "HardSigmoid": lambda x, alpha=0.2, beta=0.5: tf.clip_by_value(alpha * x + beta, 0, 1),
    "HardSwish": lambda x: x * tf.clip_by_value(x / 6 + 0.5, 0, 1),
    "MaxPool": max_pool,
    "Pow": lambda x, y: tf.pow(x, tf.cast(y, x.dtype)),
    "Reshape": reshape,
    "Shape": lambda x, start=0, end=None: tf.shape(x, tf.int64)[start:end],
    "Slice": cut,
    "Softmax": lambda x, axis=-1: tf.nn.softmax(x, axis),
    "Squeeze": lambda x, axes=None: tf.squeeze(x, static(axes)),
    "Transpose": lambda x, perm=None: tf.transpose(x, perm),
    "Unsqueeze": unsqueeze,
}
OPS |= dict(Add=tf.add, Sub=tf.subtract, Mul=tf.multiply, Sqrt=tf.sqrt, Relu=tf.nn.relu, Sigmoid=tf.sigmoid)
OPS |= dict(MatMul=tf.experimental.numpy.matmul, Identity=tf.identity)
OPS |= {f"Reduce{name}": reduced(getattr(tf, f"reduce_{name.lower()}")) for name in ("Max", "Mean", "Min", "Sum")}
# Attributes that exporters write although they change nothing; with another value they are refused.
DEFAULTS = {"auto_pad": b"NOTSET", "ceil_mode": 0, "storage_order": 0, "training_mode": 0, "allowzero": 0}
DEFAULTS |= {"noop_with_empty_axes": 0, "saturate": 1}


def replayed(graph: onnx.GraphProto, pixels: tf.Tensor) -> dict[str, tf.Tensor]:
    """The outputs by name. Weights become constants: TensorFlow then folds what is computed from them alone."""
    values = {"": None, graph.input[0].name: pixels}
    values |= {one.name: tf.constant(onnx.numpy_helper.to_array(one)) for one in graph.initializer}
    for node in graph.node:
        given = {one.name: onnx.helper.get_attribute_value(one) for one in node.attribute}
        given = {name: value for name, value in given.items() if DEFAULTS.get(name) != value}
        try:
            [output] = node.output
            values[output] = OPS[node.op_type](*(values[name] for name in node.input), **given)
        except (TypeError, ValueError, tf.errors.OpError) as error:
            sys.exit(f"cannot replay {node.op_type} (node {node.name!r}): {error}")
    return {one.name: tf.ensure_shape(values[one.name], shape_of(one)) for one in graph.output}
