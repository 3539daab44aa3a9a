import type { Container, Labels, Manifest, PodSpec } from './manifests.ts';

/** The drain of a service, after DRAIN_DELAY_MS. */
const DRAIN_SECONDS = 15;
/** Made outside of this repository: docs/deployment.md says how. */
const SECRETS = new Set([
  'radiograph-stores',
  'radiograph-keys',
  'radiograph-gateway-key',
  'radiograph-stats',
]);

/** What the manifests do not keep to, a sentence each. */
export function manifestFaults(manifests: readonly Manifest[]): string[] {
  const of = (kind: string) => manifests.filter((one) => one.kind === kind);
  const named = (kind: string, name: string) => of(kind).find(({ metadata }) => metadata.name === name);
  const faults: string[] = [];
  const expected = (holds: boolean, fault: string) => {
    if (!holds) faults.push(fault);
  };
  expected(of('Secret').length === 0, 'a secret is contained');
  for (const { metadata, spec = {} } of of('Deployment')) {
    const { name } = metadata;
    const { template, replicas = 1, selector } = spec;
    if (!template) {
      faults.push(`${name}: it has no pods`);
      continue;
    }
    const { labels } = template.metadata;
    const pod = template.spec;
    const isOf = (selected: Labels | undefined) => selected !== undefined && matches(selected, labels);
    expected(isOf(selector?.matchLabels), `${name}: its selector is not that of its pods`);
    expected(
      metadata.labels?.['app.kubernetes.io/name'] === labels['app.kubernetes.io/name'],
      `${name}: two names`,
    );
    const services = of('Service').filter((one) => isOf(one.spec?.selector as Labels | undefined));
    expected(services.length === 1, `${name}: no service finds its pods`);
    expected(
      of('PodDisruptionBudget').some((one) => isOf(one.spec?.selector?.matchLabels)),
      `${name}: it has no disruption budget`,
    );
    expected(
      of('NetworkPolicy').some(
        (one) => one.metadata.name !== 'default-deny' && isOf(one.spec?.podSelector?.matchLabels),
      ),
      `${name}: no network policy lets it live`,
    );
    const scaler = of('HorizontalPodAutoscaler').find((one) => one.spec?.scaleTargetRef?.name === name);
    expected(!scaler || spec.replicas === undefined, `${name}: its number is set twice`);
    expected(
      (replicas === 1 && !scaler) || (pod.topologySpreadConstraints ?? []).length > 0,
      `${name}: all on one node`,
    );
    faults.push(...podFaults(name, pod, named), ...services.flatMap((one) => portFaults(name, one, pod)));
  }
  for (const { metadata, spec } of of('HorizontalPodAutoscaler')) {
    const { kind = '', name = '' } = spec?.scaleTargetRef ?? {};
    expected(named(kind, name) !== undefined, `${metadata.name}: it scales ${name}, which is not there`);
  }
  for (const { metadata, spec } of [...of('Service'), ...of('PodDisruptionBudget')]) {
    const selected = (metadata.name && (spec?.selector?.matchLabels ?? spec?.selector)) as Labels;
    const found = of('Deployment').some((one) =>
      matches(selected, one.spec?.template?.metadata.labels ?? {}),
    );
    expected(found, `${metadata.name}: it selects nothing`);
  }
  return [...faults, ...arrowFaults(of('NetworkPolicy'))];
}

function podFaults(
  name: string,
  pod: PodSpec,
  named: (kind: string, name: string) => Manifest | undefined,
): string[] {
  const faults: string[] = [];
  const expected = (holds: boolean | undefined, fault: string) => {
    if (!holds) faults.push(`${name}: ${fault}`);
  };
  expected(pod.securityContext?.runAsNonRoot, 'it may be root');
  expected(pod.securityContext?.seccompProfile?.type === 'RuntimeDefault', 'it may call what it likes');
  expected(pod.automountServiceAccountToken === false, 'it gets a token of the cluster');
  for (const container of pod.containers) {
    const { securityContext, resources } = container;
    expected(securityContext?.allowPrivilegeEscalation === false, 'it may gain privileges');
    expected(securityContext?.readOnlyRootFilesystem, 'its root file system is writable');
    expected(securityContext?.capabilities?.drop?.includes('ALL'), 'it keeps capabilities');
    expected(
      resources?.requests !== undefined && resources.limits?.memory !== undefined,
      'nothing says what it takes',
    );
    expected(
      /:[\w.-]*\d[\w.-]*$/.test(container.image) || container.image === 'radiograph',
      'its image has no version',
    );
    for (const [probe, given] of probesOf(container)) {
      const port = given?.httpGet?.port ?? given?.tcpSocket?.port;
      expected(given !== undefined, `it has no ${probe}`);
      const ports = container.ports ?? [];
      const isThere = ports.some((one) => one.name === port || one.containerPort === port);
      expected(given === undefined || isThere, `its ${probe} asks a port that it does not have`);
    }
    const settings = settingsOf(container, named);
    expected(settings !== undefined, 'it names a map that is not there');
    const delay = Number(settings?.DRAIN_DELAY_MS ?? 0) / 1_000;
    const grace = pod.terminationGracePeriodSeconds ?? 30;
    expected(grace > delay + DRAIN_SECONDS, 'it is killed while it drains');
    const mounts = container.volumeMounts ?? [];
    for (const mount of mounts)
      expected(
        pod.volumes?.some((volume) => volume.name === mount.name),
        `there is no volume ${mount.name}`,
      );
    for (const [key, value] of Object.entries(settings ?? {}))
      if (key.endsWith('_FILE') || key === 'KEYS_DIR')
        expected(
          mounts.some(({ mountPath }) => `${value}/`.startsWith(`${mountPath}/`)),
          `${key} is not mounted`,
        );
  }
  for (const secret of JSON.stringify(pod.volumes ?? []).matchAll(
    /"(?:secretName|secret":\{"name)":"([^"]+)"/g,
  ))
    expected(SECRETS.has(secret[1] ?? ''), `nobody makes the secret ${secret[1]}`);
  for (const { configMap } of pod.volumes ?? [])
    expected(
      !configMap || named('ConfigMap', configMap.name) !== undefined,
      `there is no map ${configMap?.name}`,
    );
  return faults;
}

/** All variables of a container; undefined when a map is missing. */
export function settingsOf(
  container: Container,
  named: (kind: string, name: string) => Manifest | undefined,
): Record<string, string> | undefined {
  const maps = (container.envFrom ?? []).map(
    ({ configMapRef }) => named('ConfigMap', configMapRef.name)?.data,
  );
  if (maps.includes(undefined)) return undefined;
  const own = (container.env ?? []).map(({ name, value = '' }) => [name, value]);
  return Object.assign({}, ...maps, Object.fromEntries(own));
}

const probesOf = (container: Container) =>
  (['startupProbe', 'readinessProbe', 'livenessProbe'] as const).map(
    (probe) => [probe, container[probe]] as const,
  );

function portFaults(name: string, service: Manifest, pod: PodSpec): string[] {
  const there = pod.containers.flatMap(({ ports = [] }) => ports.map((port) => port.name));
  return (service.spec?.ports ?? []).flatMap(({ targetPort }) =>
    there.includes(String(targetPort))
      ? []
      : [`${name}: its service sends to ${targetPort}, which is no port`],
  );
}

/** Whoever may ask is let in by the one that is asked. */
function arrowFaults(policies: readonly Manifest[]): string[] {
  const policyOf = (labels: Labels) =>
    policies.find(
      ({ spec }) => spec?.podSelector?.matchLabels && matches(spec.podSelector.matchLabels, labels),
    );
  return policies.flatMap(({ metadata, spec }) =>
    (spec?.egress ?? []).flatMap(({ to = [], ports = [] }) =>
      to.flatMap(({ podSelector }) => {
        const asked = podSelector?.matchLabels;
        const asker = spec?.podSelector?.matchLabels;
        const policy = asked && policyOf(asked);
        if (!policy || !asker) return [];
        const open = (policy.spec?.ingress ?? []).filter(
          ({ from }) =>
            !from ||
            from.some(
              (peer) => peer.podSelector?.matchLabels && matches(peer.podSelector.matchLabels, asker),
            ),
        );
        return ports
          .filter(({ port }) => !open.some((one) => one.ports?.some((each) => each.port === port)))
          .map(({ port }) => `${metadata.name}: ${policy.metadata.name} does not let it in at ${port}`);
      }),
    ),
  );
}

function matches(selector: Labels, labels: Labels): boolean {
  const wanted = Object.entries(selector);
  return wanted.length > 0 && wanted.every(([key, value]) => labels[key] === value);
}
