// Names of container images as runtimes read them (github.com/distribution/reference).

const PATH_PART = '[a-z0-9]+(?:(?:\\.|_|__|-+)[a-z0-9]+)*';
const HOST_PART = '(?:[a-zA-Z0-9]|[a-zA-Z0-9][a-zA-Z0-9-]*[a-zA-Z0-9])';
const HOST = `(?:${HOST_PART}(?:\\.${HOST_PART})*|\\[(?:[a-fA-F0-9:]+)\\])(?::[0-9]+)?`;
const TAG = '[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}';
const DIGEST = '[A-Za-z][A-Za-z0-9]*(?:[-_+.][A-Za-z][A-Za-z0-9]*)*:[0-9a-fA-F]{32,}';
const IMAGE = new RegExp(`^((?:${HOST}/)?${PATH_PART}(?:/${PATH_PART})*)(?::(${TAG}))?(?:@(${DIGEST}))?$`);

/** The parts of an image reference. */
export interface ImageName {
  /** With the registry and, for official images of the default registry, `library/`. */
  readonly repository: string;
  /** `latest` when the name has neither tag nor digest. */
  readonly tag: string;
  readonly digest: string;
}

/** @returns the parts of an image's name; undefined when it is none */
export function parseImageName(image: string): ImageName | undefined {
  // upstream refuses what looks like a digest alone
  if (/^[a-f0-9]{64}$/.test(image)) return undefined;
  const slash = image.indexOf('/');
  const first = image.slice(0, Math.max(slash, 0));
  const isHost = slash >= 0 && (/[.:]/.test(first) || first === 'localhost' || first !== first.toLowerCase());
  const [host, rest] = isHost ? [first, image.slice(slash + 1)] : ['docker.io', image];
  const path = host === 'docker.io' && !rest.includes('/') ? `library/${rest}` : rest;
  const match = IMAGE.exec(`${host}/${path}`);
  const repository = match?.[1];
  if (repository === undefined || repository.length > 255) return undefined;
  const tag = match?.[2] ?? '';
  const digest = match?.[3] ?? '';
  return { repository, tag: tag === '' && digest === '' ? 'latest' : tag, digest };
}

/** Always for `latest`, else IfNotPresent: what an absent pull policy means. */
export function defaultPullPolicy(image: string | undefined): 'Always' | 'IfNotPresent' {
  return parseImageName(image ?? '')?.tag === 'latest' ? 'Always' : 'IfNotPresent';
}
