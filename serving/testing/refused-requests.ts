import { pixels, request, tensor } from './serving-test-client.ts';

const spec = (more: object) => ({ ...request(1), model_spec: { name: 'covid19', ...more } });
const inputs = (given: object) => ({ ...request(1), inputs: given });
const input = tensor(pixels(1), [1, 256, 256, 3]);

const [NOT_FOUND, INVALID_ARGUMENT, FAILED_PRECONDITION] = [5, 3, 9];

/** Requests that TensorFlow Serving refuses, with its gRPC code and its words. */
export const REFUSED: readonly (readonly [string, object, number, string | RegExp])[] = [
  [
    'an unknown model',
    { ...request(1), model_spec: { name: 'xray' } },
    NOT_FOUND,
    'Servable not found for request: Latest(xray)',
  ],
  [
    'an unknown version',
    spec({ version: { value: 7 } }),
    NOT_FOUND,
    'Servable not found for request: Specific(covid19, 7)',
  ],
  [
    'a model that could not be loaded',
    { ...request(1), model_spec: { name: 'broken' } },
    NOT_FOUND,
    'Servable not found for request: Latest(broken)',
  ],
  [
    'no model name',
    { ...request(1), model_spec: { name: '' } },
    INVALID_ARGUMENT,
    'ModelSpec has no name specified.',
  ],
  ['no model', { inputs: { input } }, INVALID_ARGUMENT, 'ModelSpec has no name specified.'],
  [
    'an unknown label',
    spec({ version_label: 'stable' }),
    INVALID_ARGUMENT,
    'Unrecognized servable version label: stable',
  ],
  [
    'an unknown signature',
    spec({ signature_name: 'foo' }),
    FAILED_PRECONDITION,
    'Serving signature key "foo" not found.',
  ],
  [
    'no input',
    inputs({}),
    INVALID_ARGUMENT,
    'input size does not match signature: 0!=1 len({}) != len({input}). Sent extra: {}. Missing but required: {input}.',
  ],
  [
    'an input too many',
    inputs({ input, more: input }),
    INVALID_ARGUMENT,
    'input size does not match signature: 2!=1 len({input,more}) != len({input}). Sent extra: {more}. Missing but required: {}.',
  ],
  [
    'another input name',
    inputs({ x: input }),
    INVALID_ARGUMENT,
    'input tensor alias not found in signature: x. Inputs expected to be in the set {input}.',
  ],
  [
    'another type',
    inputs({ input: tensor(Buffer.alloc(256 * 256 * 12), [1, 256, 256, 3], 'DT_FLOAT') }),
    INVALID_ARGUMENT,
    'Expects arg[0] to be uint8 but float is provided',
  ],
  [
    'too few bytes',
    inputs({ input: tensor(pixels(1).subarray(1), [1, 256, 256, 3]) }),
    INVALID_ARGUMENT,
    'tensor parsing error: input',
  ],
  [
    'no bytes',
    inputs({ input: tensor(Buffer.alloc(0), [1, 256, 256, 3]) }),
    INVALID_ARGUMENT,
    'tensor parsing error: input',
  ],
  [
    'another size',
    inputs({ input: tensor(Buffer.alloc(128 * 128 * 3), [1, 128, 128, 3]) }),
    INVALID_ARGUMENT,
    /^Incompatible shapes/,
  ],
  [
    'another rank',
    inputs({ input: tensor(pixels(1), [256, 256, 3]) }),
    INVALID_ARGUMENT,
    /^Incompatible shapes/,
  ],
  [
    'a negative batch',
    inputs({ input: tensor(pixels(1), [-1, 256, 256, 3]) }),
    INVALID_ARGUMENT,
    'tensor parsing error: input',
  ],
  [
    'an empty batch',
    inputs({ input: tensor(Buffer.alloc(0), [0, 256, 256, 3]) }),
    INVALID_ARGUMENT,
    /^Incompatible shapes/,
  ],
  [
    'a batch too large',
    request(65),
    INVALID_ARGUMENT,
    'Task size 65 is larger than maximum input batch size 64',
  ],
  [
    'an unknown output',
    { ...request(1), output_filter: ['logits'] },
    INVALID_ARGUMENT,
    /^output tensor alias not found in signature: logits Outputs expected to be in the set \{(probabilities|cams|outlier_score|,)+\}\.$/,
  ],
  [
    'an output twice',
    { ...request(1), output_filter: ['cams', 'cams'] },
    INVALID_ARGUMENT,
    'duplicate output tensor alias: cams',
  ],
];
