import type { ComposeFile, ComposeService } from './compose-file.ts';

/** Tasks that end, once at each start. */
const isTask = ({ restart }: ComposeService) => restart === 'no';
/** Images that bring rules of their own: IRIS writes into its folders and starts as another user. */
const OWN_RULES = new Set(['iris']);
/** More than DRAIN_DELAY_MS and the drain of a service. */
const LEAST_GRACE_SECONDS = 25;

/** What the file does not keep to, a sentence each. */
export function composeFaults({ services, networks, secrets }: ComposeFile): string[] {
  const faults: string[] = [];
  const expected = (holds: boolean, fault: string) => {
    if (!holds) faults.push(fault);
  };
  expected(networks.inner?.internal === true, 'the network inner leads outside');
  const awaited = new Set(
    Object.values(services).flatMap(({ depends_on = {} }) =>
      Object.entries(depends_on).flatMap(([name, { condition }]) =>
        condition === 'service_completed_successfully' ? [name] : [],
      ),
    ),
  );
  for (const [name, service] of Object.entries(services)) {
    // `docker compose up --wait` takes the end of such a task for a failure.
    expected(!isTask(service) || awaited.has(name), `${name}: it ends, and nobody waits for that`);
    const { image = '', build, restart, depends_on = {}, environment = {} } = service;
    expected(build !== undefined || /:[\w.-]*\d[\w.-]*$/.test(image), `${name}: the image has no version`);
    expected(restart !== undefined, `${name}: nothing says when it is started again`);
    expected(
      service.mem_limit !== undefined && service.cpus !== undefined,
      `${name}: it may take the machine`,
    );
    expected(service.container_name === undefined, `${name}: it has one name, so it cannot be scaled`);
    expected(
      name === 'haproxy' || (service.ports ?? []).every(isForThisMachine),
      `${name}: it publishes a port`,
    );
    expected(
      seconds(service.stop_grace_period) >= LEAST_GRACE_SECONDS,
      `${name}: it is killed while it drains`,
    );
    expected(name === 'haproxy' || !('edge' in (service.networks ?? {})), `${name}: it is at the edge`);
    if (!OWN_RULES.has(name)) {
      expected(service.read_only === true, `${name}: its root file system is writable`);
      expected(service.cap_drop?.includes('ALL') === true, `${name}: it keeps capabilities`);
      expected(
        service.security_opt?.includes('no-new-privileges:true') === true,
        `${name}: it may gain privileges`,
      );
      expected(Number(service.pids_limit) > 0, `${name}: it may take every process id`);
    }
    for (const { source } of service.secrets ?? [])
      expected(source in secrets, `${name}: there is no secret ${source}`);
    for (const [key, value] of Object.entries(environment)) {
      const [, secret] = /^\/run\/secrets\/(.+)$/.exec(String(value)) ?? [];
      expected(
        secret === undefined || service.secrets?.some(({ source }) => source === secret) === true,
        `${name}: ${key} names a secret that it does not have`,
      );
      // A variable of that name is one even while it is empty: whoever fills it in does so for everybody to see.
      const isSecret = /(PASSWORD|SECRET|TOKEN|KEY)$/.test(key) || /:[^/]*@/.test(String(value));
      expected(!isSecret, `${name}: ${key} holds a secret`);
    }
    for (const [other, { condition }] of Object.entries(depends_on)) {
      const waited = services[other];
      expected(
        waited !== undefined && !waited.profiles,
        `${name}: it waits for ${other}, which may not be there`,
      );
      expected(
        condition !== 'service_healthy' || waited?.healthcheck !== undefined,
        `${name}: ${other} never says that it is healthy`,
      );
      expected(
        condition !== 'service_completed_successfully' || (waited !== undefined && isTask(waited)),
        `${name}: ${other} never ends`,
      );
    }
    if (build?.dockerfile === 'deploy/docker/Dockerfile' && !isTask(service))
      expected(service.healthcheck !== undefined, `${name}: nothing says whether it works`);
  }
  return faults;
}

/** As old implementations of Compose write a port, and as new ones do. */
function isForThisMachine(port: unknown): boolean {
  return typeof port === 'string'
    ? port.startsWith('127.0.0.1:')
    : (port as { host_ip?: string }).host_ip === '127.0.0.1';
}

function seconds(duration: string | undefined): number {
  const [, minutes = '0', rest = '0'] = /^(?:(\d+)m)?(?:(\d+)s)?$/.exec(duration ?? '') ?? [];
  return Number(minutes) * 60 + Number(rest);
}
