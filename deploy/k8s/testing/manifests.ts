import { globSync, readFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { parse, parseAllDocuments } from 'yaml';

export const K8S = join(import.meta.dirname, '..');

export type Labels = Readonly<Record<string, string>>;
type Port = { name?: string; containerPort?: number; port?: number; targetPort?: string | number };
type Probe = { httpGet?: { path: string; port: string | number }; tcpSocket?: { port: string | number } };
type Mount = { name: string; mountPath: string };
export type Container = {
  name: string;
  image: string;
  command?: string[];
  env?: { name: string; value?: string }[];
  envFrom?: { configMapRef: { name: string } }[];
  ports?: Port[];
  startupProbe?: Probe;
  readinessProbe?: Probe;
  livenessProbe?: Probe;
  resources?: { requests?: object; limits?: { memory?: string } };
  securityContext?: {
    allowPrivilegeEscalation?: boolean;
    readOnlyRootFilesystem?: boolean;
    capabilities?: { drop?: string[] };
  };
  volumeMounts?: Mount[];
};
export type PodSpec = {
  automountServiceAccountToken?: boolean;
  terminationGracePeriodSeconds?: number;
  topologySpreadConstraints?: unknown[];
  securityContext?: { runAsNonRoot?: boolean; seccompProfile?: { type: string } };
  containers: Container[];
  volumes?: ({ name: string; configMap?: { name: string } } & Record<string, unknown>)[];
};
type PolicyPeer = { podSelector?: { matchLabels?: Labels } };
/** The parts of a manifest that the checks look at, whatever its kind. */
export type Manifest = {
  apiVersion: string;
  kind: string;
  metadata: { name: string; labels?: Labels };
  data?: Record<string, string>;
  spec?: {
    replicas?: number;
    clusterIP?: string;
    selector?: { matchLabels?: Labels } & Record<string, unknown>;
    template?: { metadata: { labels: Labels }; spec: PodSpec };
    ports?: Port[];
    scaleTargetRef?: { kind: string; name: string };
    podSelector?: { matchLabels?: Labels };
    ingress?: { from?: PolicyPeer[]; ports?: Port[] }[];
    egress?: { to?: PolicyPeer[]; ports?: Port[] }[];
  } & Record<string, unknown>;
};

type Kustomization = {
  resources?: string[];
  configMapGenerator?: { name: string; files: string[] }[];
};

/** Everything that a folder's kustomization names, as it stands in the files: patches, namespace and the names of images
 *  are put in by kustomize. */
export function manifestsOf(folder: string): Manifest[] {
  const kustomization = parse(readFileSync(join(folder, 'kustomization.yaml'), 'utf8')) as Kustomization;
  const made = (kustomization.configMapGenerator ?? []).map(({ name, files }) => ({
    ...{ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name } },
    data: Object.fromEntries(files.map((file) => [file, readFileSync(join(folder, file), 'utf8')])),
  }));
  const named = (kustomization.resources ?? []).flatMap((resource) => {
    const path = join(folder, resource);
    return resource.endsWith('.yaml') ? documentsOf(path) : manifestsOf(path);
  });
  return [...made, ...named];
}

function documentsOf(path: string): Manifest[] {
  return parseAllDocuments(readFileSync(path, 'utf8'), { merge: true }).map((one) => {
    if (one.errors[0]) throw one.errors[0];
    return one.toJS() as Manifest;
  });
}

/** The folders that `kubectl apply -k` is given. */
export const KUSTOMIZATIONS = globSync(join(K8S, '{base,overlays/*}', 'kustomization.yaml')).map((path) => ({
  name: basename(dirname(path)),
  folder: dirname(path),
}));
