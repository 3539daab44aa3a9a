/** What the page shows, as its address says it. It stands behind the #, so that no server or log sees it. */
export type Route =
  | { readonly view: 'reading'; readonly id: string | null }
  | {
      readonly view: 'history';
      readonly patientId: string | null;
      /** The ends of the pages before this one, so that the way back through them is in the address too. */
      readonly ends: readonly string[];
    };

export const HOME: Route = { view: 'reading', id: null };

export function routeOf(hash: string): Route {
  const [path = '', search] = hash.replace(/^#\/?/, '').split('?');
  const [view, ...rest] = path.split('/');
  const id = decoded(rest.join('/'));
  const ends = new URLSearchParams(search).getAll('after');
  if (view === 'radiographs' && id) return { view: 'reading', id };
  if (view === 'history') return { view: 'history', patientId: null, ends };
  if (view === 'patients' && id) return { view: 'history', patientId: id, ends };
  return HOME;
}

export function hashOf(route: Route): string {
  if (route.view === 'reading')
    return route.id === null ? '#/' : `#/radiographs/${encodeURIComponent(route.id)}`;
  const { patientId, ends } = route;
  const path = patientId === null ? '#/history' : `#/patients/${encodeURIComponent(patientId)}`;
  const search = new URLSearchParams(ends.map((end) => ['after', end]));
  return ends.length === 0 ? path : `${path}?${search}`;
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return '';
  }
}
