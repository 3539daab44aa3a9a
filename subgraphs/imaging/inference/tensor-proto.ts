/** TensorFlow's TensorProto as @grpc/proto-loader reads it (keepCase, bytes as Buffer, longs as strings). */
export type TensorProto = {
  dtype: string;
  tensor_shape: { dim: { size: string | number }[] };
  tensor_content?: Buffer;
  float_val?: number[];
};

/** @param pixels uint8 [n, height, width, 3], row-major */
export function uint8Tensor(pixels: Buffer, shape: readonly number[]): TensorProto {
  return {
    dtype: 'DT_UINT8',
    tensor_shape: { dim: shape.map((size) => ({ size })) },
    tensor_content: pixels,
  };
}

/** Decodes a float tensor: TensorFlow Serving answers with `float_val` unless told otherwise, our server with
 *  `tensor_content`; in a shortened `float_val` the last value repeats.
 *  @throws Error when the values do not fill the shape */
export function floatTensor(tensor: TensorProto): { shape: number[]; values: Float32Array } {
  const shape = tensor.tensor_shape.dim.map(({ size }) => Number(size));
  const length = shape.reduce((product, size) => product * size, 1);
  if (tensor.dtype !== 'DT_FLOAT') throw new Error(`Expected a DT_FLOAT tensor, got ${tensor.dtype}`);
  const content = tensor.tensor_content;
  if (content && content.length > 0) {
    if (content.length !== length * 4) throw new Error(`Expected ${length * 4} bytes, got ${content.length}`);
    // A copy: the message's buffer need not begin at a multiple of four.
    return { shape, values: new Float32Array(new Uint8Array(content).buffer) };
  }
  const given = tensor.float_val ?? [];
  if (given.length > length || (given.length === 0 && length > 0))
    throw new Error(`Expected at most ${length} values, got ${given.length}`);
  const values = new Float32Array(length).fill(given.at(-1) ?? 0);
  values.set(given);
  return { shape, values };
}
