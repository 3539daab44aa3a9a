import { expect, test } from 'vitest';
import { floatTensor, type TensorProto, uint8Tensor } from './tensor-proto.ts';

const dims = (...sizes: (string | number)[]) => ({ dim: sizes.map((size) => ({ size })) });
const floats = (rest: Partial<TensorProto>, ...sizes: (string | number)[]): TensorProto => ({
  ...{ dtype: 'DT_FLOAT', tensor_shape: dims(...sizes) },
  ...rest,
});
const bytesOf = (values: number[]) => Buffer.from(Float32Array.from(values).buffer);

test('pixels travel as they are, with their shape', () => {
  const pixels = Buffer.from([1, 2, 3, 4, 5, 6]);
  expect(uint8Tensor(pixels, [1, 1, 2, 3])).toEqual({
    dtype: 'DT_UINT8',
    tensor_shape: dims(1, 1, 2, 3),
    tensor_content: pixels,
  });
});

test('packed floats are read, and sizes that came as text are numbers', () => {
  const { shape, values } = floatTensor(floats({ tensor_content: bytesOf([0.5, -1, 2, 4]) }, '2', '2'));
  expect(shape).toEqual([2, 2]);
  expect([...values]).toEqual([0.5, -1, 2, 4]);
});

test('packed floats are read from any place in the buffer of the message', () => {
  for (const offset of [0, 1, 2, 3]) {
    const message = Buffer.concat([Buffer.alloc(offset), bytesOf([1, 2])]);
    const { values } = floatTensor(floats({ tensor_content: message.subarray(offset) }, 2));
    expect([...values]).toEqual([1, 2]);
  }
});

test('listed floats are read, as TensorFlow Serving sends them beside empty bytes', () => {
  const { values } = floatTensor(
    floats({ tensor_content: Buffer.alloc(0), float_val: [0.25, 0.75] }, '1', '2'),
  );
  expect([...values]).toEqual([0.25, 0.75]);
});

test('the last of a shortened list repeats', () => {
  expect([...floatTensor(floats({ float_val: [1, 2] }, 2, 2)).values]).toEqual([1, 2, 2, 2]);
});

test('a tensor with an empty dimension has no values', () => {
  expect(floatTensor(floats({}, 0, 3))).toEqual({ shape: [0, 3], values: new Float32Array(0) });
});

test('values that do not fill the shape are refused', () => {
  expect(() => floatTensor(floats({ tensor_content: bytesOf([1, 2, 3]) }, 2))).toThrow(
    'Expected 8 bytes, got 12',
  );
  expect(() => floatTensor(floats({ float_val: [1, 2, 3] }, 2))).toThrow('Expected at most 2 values, got 3');
  expect(() => floatTensor(floats({}, 2))).toThrow('Expected at most 2 values, got 0');
});

test('another type of values is refused', () => {
  expect(() => floatTensor({ ...floats({ float_val: [1] }, 1), dtype: 'DT_DOUBLE' })).toThrow('DT_DOUBLE');
});
