/** Cookies of one session, by name. IRIS knows a session by them; without them each request would be another session
 *  and hold a licence slot of its own. */
export type CookieJar = {
  /** @param lines values of `set-cookie` */
  take(lines: readonly string[]): void;
  /** For the header `cookie`; undefined when there is none. */
  header(): string | undefined;
  drop(): void;
};

export function cookieJar(): CookieJar {
  const cookies = new Map<string, string>();
  return {
    take(lines) {
      for (const line of lines) {
        const [pair = '', ...attributes] = line.split(';');
        // The first one: a value may hold further ones.
        const at = pair.indexOf('=');
        if (at < 1) continue;
        const name = pair.slice(0, at).trim();
        if (attributes.some((one) => /^\s*max-age\s*=\s*0*\s*$/i.test(one))) cookies.delete(name);
        else cookies.set(name, pair.slice(at + 1).trim());
      }
    },
    header() {
      const pairs = [...cookies].map(([name, value]) => `${name}=${value}`);
      return pairs.length === 0 ? undefined : pairs.join('; ');
    },
    drop: () => cookies.clear(),
  };
}
