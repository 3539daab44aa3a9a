import type { DocumentNode } from 'graphql';
import { LRUCache } from 'lru-cache';

const MOST_DOCUMENTS = 1_000;
/** A parsed document and its plan take some hundred times the memory of their text. */
const MOST_CHARACTERS = 1_000_000;

/** Documents that are known to be valid. With a document goes the plan that was made for it. */
export type DocumentCache = LRUCache<string, DocumentNode>;

export function documentCache(): DocumentCache {
  return new LRUCache({
    max: MOST_DOCUMENTS,
    maxSize: MOST_CHARACTERS,
    sizeCalculation: ({ loc }) => loc?.source.body.length || 1,
  });
}

/** The same for Apollo Server, whose own counts the document alone. */
export function documentStore() {
  const documents = documentCache();
  return {
    get: async (key: string) => documents.get(key),
    set: async (key: string, document: DocumentNode) => void documents.set(key, document),
    delete: async (key: string) => documents.delete(key),
  };
}
