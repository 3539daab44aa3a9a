import type { Batch } from './call-queue.ts';
import { ServingError } from './serving-error.ts';
import type { Endpoint, WorkerOutput } from './session-worker.ts';

/** TensorFlow's TensorProto as @grpc/proto-loader reads it (keepCase, enums and longs as strings, bytes as Buffer). */
export type TensorProto = {
  dtype: string;
  tensor_shape: { dim: { size: string | number }[] } | null;
  tensor_content: Buffer;
  float_val: number[];
  int_val: number[];
};

const TYPES: Record<string, { name: 'uint8' | 'float32'; size: number; dtype: string }> = {
  DT_UINT8: { name: 'uint8', size: 1, dtype: 'uint8' },
  DT_FLOAT: { name: 'float32', size: 4, dtype: 'float' },
};

/** Images of one request; a caller sends the rest in further ones. */
const LARGEST_BATCH = 64;

/** TensorFlow's names of the element types that ONNX Runtime reports. */
export const DTYPE_OF: Record<string, string> = { uint8: 'DT_UINT8', float32: 'DT_FLOAT' };

/** Reads and checks an input tensor against the network's own input.
 *  @param alias the input's name in the signature
 *  @throws ServingError INVALID_ARGUMENT with TensorFlow Serving's sentences */
export function inputTensor(alias: string, tensor: TensorProto, expected: Endpoint): Batch {
  const type = TYPES[tensor.dtype];
  const wanted = TYPES[DTYPE_OF[expected.type] ?? ''];
  if (!type || !wanted || type.name !== wanted.name) {
    const came = tensor.dtype.replace(/^DT_/, '').toLowerCase();
    const message = `Expects arg[0] to be ${wanted?.dtype ?? expected.type} but ${came} is provided`;
    throw new ServingError('INVALID_ARGUMENT', message);
  }
  const dims = (tensor.tensor_shape?.dim ?? []).map(({ size }) => Number(size));
  const fits =
    dims.length === expected.shape.length &&
    dims.every((size, axis) => size === expected.shape[axis] || (expected.shape[axis] === -1 && size > 0));
  if (!fits) {
    const message = `Incompatible shapes: expected [${expected.shape.join(',')}], got [${dims.join(',')}]`;
    throw new ServingError('INVALID_ARGUMENT', message);
  }
  // Before its bytes: those of a shortened tensor are made here, as many as its shape says.
  const [count = 0] = dims;
  if (count > LARGEST_BATCH) {
    const message = `Task size ${count} is larger than maximum input batch size ${LARGEST_BATCH}`;
    throw new ServingError('INVALID_ARGUMENT', message);
  }
  const length = dims.reduce((product, size) => product * size, 1);
  const bytes = tensor.tensor_content.length > 0 ? tensor.tensor_content : packed(tensor, type.name, length);
  if (bytes?.length !== length * type.size)
    throw new ServingError('INVALID_ARGUMENT', `tensor parsing error: ${alias}`);
  return { type: type.name, dims, bytes };
}

/** The typed arrays of a TensorProto; in a shortened one the last value repeats. */
function packed(tensor: TensorProto, type: 'uint8' | 'float32', length: number): Buffer | undefined {
  const given = type === 'uint8' ? tensor.int_val : tensor.float_val;
  if (given.length === 0 || given.length > length) return undefined;
  const values = type === 'uint8' ? new Uint8Array(length) : new Float32Array(length);
  values.fill(given.at(-1) ?? 0);
  values.set(given);
  return Buffer.from(values.buffer);
}

/** Joins the outputs of micro-batches along the first axis. */
export function joinedOutputs(parts: readonly (readonly WorkerOutput[])[]): Record<string, object> {
  const [first = []] = parts;
  return Object.fromEntries(
    first.map(({ name, dims }, index) => {
      const all = parts.flatMap((part) => part[index] ?? []);
      const count = all.reduce((sum, output) => sum + (output.dims[0] ?? 0), 0);
      const content = Buffer.concat(
        all.map(({ data }) => new Uint8Array(data.buffer, data.byteOffset, data.byteLength)),
      );
      // TensorFlow Serving answers with float_val unless told otherwise; for a client in JavaScript that costs a
      // hundred times more than tensor_content, which every client has to understand as well.
      const shape = [count, ...dims.slice(1)];
      return [
        name,
        {
          dtype: 'DT_FLOAT',
          tensor_shape: { dim: shape.map((size) => ({ size })) },
          tensor_content: content,
        },
      ];
    }),
  );
}
