// Probes and lifecycle hooks: what they do (exec, HTTP, TCP, gRPC, sleep), how often, how patiently.
import { type FieldError, type FieldPath, forbidden, invalid, notSupported, required } from '../../meta/field-errors.js';
import { validateNonNegative } from '../../meta/metadata.js';
import { isHTTPHeaderName } from '../../meta/names.js';
import type { Container, HTTPGetAction, LifecycleHandler, Probe } from '../../types/core-v1.gen.js';
import { invalids, requireText, validatePortOrName } from '../../meta/checks.js';

/** Probes and hooks of a container that may have them. `grace`: the pod's terminationGracePeriodSeconds. */
export function validateProbes(container: Container, path: FieldPath, grace: number | undefined): FieldError[] {
  const { lifecycle, livenessProbe, readinessProbe, startupProbe } = container;
  const errors: FieldError[] = [];
  if (lifecycle?.postStart) errors.push(...validateHandler(lifecycle.postStart, path.child('lifecycle', 'postStart'), grace));
  if (lifecycle?.preStop) errors.push(...validateHandler(lifecycle.preStop, path.child('lifecycle', 'preStop'), grace));
  if (livenessProbe)
    errors.push(
      ...validateProbe(livenessProbe, path.child('livenessProbe')),
      ...mustSucceedOnce(livenessProbe, path.child('livenessProbe')),
    );
  if (readinessProbe) {
    errors.push(...validateProbe(readinessProbe, path.child('readinessProbe')));
    const seconds = readinessProbe.terminationGracePeriodSeconds;
    if (seconds !== undefined)
      errors.push(invalid(path.child('readinessProbe', 'terminationGracePeriodSeconds'), seconds, 'must not be set for readinessProbes'));
  }
  if (startupProbe)
    errors.push(...validateProbe(startupProbe, path.child('startupProbe')), ...mustSucceedOnce(startupProbe, path.child('startupProbe')));
  return errors;
}

function mustSucceedOnce(probe: Probe, path: FieldPath): FieldError[] {
  return probe.successThreshold === 1 ? [] : [invalid(path.child('successThreshold'), probe.successThreshold ?? 0, 'must be 1')];
}

function validateProbe(probe: Probe, path: FieldPath): FieldError[] {
  const errors = validateHandler(probe, path, undefined);
  for (const field of ['initialDelaySeconds', 'timeoutSeconds', 'periodSeconds', 'successThreshold', 'failureThreshold'] as const)
    errors.push(...validateNonNegative(probe[field] ?? 0, path.child(field)));
  const seconds = probe.terminationGracePeriodSeconds;
  if (seconds !== undefined && seconds <= 0)
    errors.push(invalid(path.child('terminationGracePeriodSeconds'), seconds, 'must be greater than 0'));
  return errors;
}

type Handler = Pick<Probe, 'exec' | 'httpGet' | 'tcpSocket' | 'grpc'> & Pick<LifecycleHandler, 'sleep'>;

function validateHandler(handler: Handler, path: FieldPath, grace: number | undefined): FieldError[] {
  const [kind, ...more] = (['exec', 'httpGet', 'tcpSocket', 'grpc', 'sleep'] as const).filter((k) => handler[k] !== undefined);
  if (kind === undefined) return [required(path, 'must specify a handler type')];
  const refused = more.map((k) => forbidden(path.child(k), 'may not specify more than 1 handler type'));
  return [...validateAction(handler, kind, path.child(kind), grace), ...refused];
}

function validateAction(handler: Handler, kind: keyof Handler, path: FieldPath, grace: number | undefined): FieldError[] {
  if (kind === 'exec') return handler.exec?.command?.length ? [] : [required(path.child('command'))];
  if (kind === 'httpGet') return handler.httpGet ? validateHTTPGet(handler.httpGet, path) : [];
  if (kind === 'sleep') {
    const seconds = handler.sleep?.seconds ?? 0;
    if (grace === undefined || (seconds >= 0 && seconds <= grace)) return [];
    return [invalid(path, seconds, `must be non-negative and less than terminationGracePeriodSeconds (${grace})`)];
  }
  return validatePortOrName(handler[kind]?.port, path.child('port'));
}

function validateHTTPGet(action: HTTPGetAction, path: FieldPath): FieldError[] {
  const errors = [...requireText(action.path, path.child('path')), ...validatePortOrName(action.port, path.child('port'))];
  if (action.scheme !== 'HTTP' && action.scheme !== 'HTTPS')
    errors.push(notSupported(path.child('scheme'), action.scheme ?? '', ['HTTP', 'HTTPS']));
  for (const { name } of action.httpHeaders ?? []) errors.push(...invalids(path.child('httpHeaders'), name, isHTTPHeaderName(name)));
  return errors;
}
