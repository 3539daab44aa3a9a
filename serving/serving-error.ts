import { status } from '@grpc/grpc-js';

/** A refusal with the gRPC code and the sentence that TensorFlow Serving uses for it. */
export class ServingError extends Error {
  override name = 'ServingError';
  readonly code: keyof typeof status;

  constructor(code: keyof typeof status, message: string) {
    // TensorFlow Serving cuts a message at 1024 characters.
    super(message.length > 1024 ? `${message.slice(0, 1024)}...TRUNCATED` : message);
    this.code = code;
  }

  get grpcStatus(): number {
    return status[this.code];
  }
}
