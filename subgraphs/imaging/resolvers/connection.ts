import { RadiographError } from '#common/errors.ts';
import type { Context } from '../context.ts';

const LARGEST_PAGE = 100;

type ConnectionArgs = { first?: number | null; after?: string | null; patientId?: string | null };

/** A page of radiographs, newest first.
 *  @throws RadiographError BAD_USER_INPUT for `first` outside 1 to 100 or a cursor that is not ours */
export async function radiographConnection({ first, after, patientId }: ConnectionArgs, context: Context) {
  const size = first ?? 20;
  if (size < 1 || size > LARGEST_PAGE)
    throw new RadiographError('BAD_USER_INPUT', `Expected first between 1 and ${LARGEST_PAGE}, got ${size}`);
  const { items, hasMore } = await context.page({
    first: size,
    ...(after != null && { after: positionOf(after) }),
    ...(patientId != null && { patientId }),
  });
  const edges = items.map(({ position, radiograph }) => ({ cursor: cursorOf(position), node: radiograph }));
  return {
    edges,
    nodes: edges.map(({ node }) => node),
    pageInfo: { hasNextPage: hasMore, endCursor: edges.at(-1)?.cursor ?? null },
  };
}

function cursorOf(position: number): string {
  return Buffer.from(`radiograph:${position}`).toString('base64url');
}

function positionOf(cursor: string): number {
  const [, digits] = /^radiograph:(\d{1,15})$/.exec(Buffer.from(cursor, 'base64url').toString()) ?? [];
  if (digits === undefined)
    throw new RadiographError(
      'BAD_USER_INPUT',
      'Expected a cursor of an earlier page as `after`, got another text',
    );
  return Number(digits);
}
