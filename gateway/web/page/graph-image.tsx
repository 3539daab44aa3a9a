import { useState } from 'preact/hooks';
import type { ImageFile } from './radiograph-operations.ts';

type GraphImageParts = {
  image: ImageFile;
  alt: string;
  /** 0 to 1. */
  opacity?: number;
  loading?: 'lazy';
  /** Asks the graph for a new link. */
  renew: () => void;
};

/** A picture behind a link of the graph, which lives for 15 minutes at least: one that has run out is renewed. */
export function GraphImage({ image: { url, width, height }, alt, opacity, loading, renew }: GraphImageParts) {
  const [broken, setBroken] = useState<string>();
  const renewOnce = () => {
    // The same link again: the picture is gone.
    if (broken === url) return;
    setBroken(url);
    renew();
  };
  const style = opacity === undefined ? {} : { opacity: String(opacity) };
  return (
    <img
      src={url}
      width={width}
      height={height}
      alt={alt}
      loading={loading}
      style={style}
      onError={renewOnce}
    />
  );
}
