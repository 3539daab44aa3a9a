/** What the page shows, as its address says it. It stands behind the #, so that no server or log sees it. */
export type Route =
  | { readonly view: 'reading'; readonly id: string | null }
  | { readonly view: 'history'; readonly patientId: string | null };

export const HOME: Route = { view: 'reading', id: null };

export function routeOf(hash: string): Route {
  const [view, ...rest] = hash.replace(/^#\/?/, '').split('/');
  const id = decoded(rest.join('/'));
  if (view === 'radiographs' && id) return { view: 'reading', id };
  if (view === 'history') return { view: 'history', patientId: null };
  if (view === 'patients' && id) return { view: 'history', patientId: id };
  return HOME;
}

export function hashOf(route: Route): string {
  if (route.view === 'reading')
    return route.id === null ? '#/' : `#/radiographs/${encodeURIComponent(route.id)}`;
  return route.patientId === null ? '#/history' : `#/patients/${encodeURIComponent(route.patientId)}`;
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return '';
  }
}
