// Checks of settings that a container has from its pod unless it has its own.
import { bad, badContainers, list, type Pod, quote, type Result, setters, unique } from './findings.js';

/** Nothing may run as root, and the pod or every container has to say so. */
export function runAsNonRoot({ spec }: Pod): Result {
  const reason = 'runAsNonRoot != true';
  const ofPod = spec.securityContext?.runAsNonRoot;
  const explicit = badContainers(spec, (c) => c.securityContext?.runAsNonRoot === false);
  const who = setters(ofPod === false, explicit);
  if (who.length > 0) return bad(who, reason, `${who.join(' and ')} must not set securityContext.runAsNonRoot=false`);
  const implicit = ofPod ? [] : badContainers(spec, (c) => c.securityContext?.runAsNonRoot === undefined);
  return bad(implicit, reason, `pod or ${list('container', implicit)} must set securityContext.runAsNonRoot=true`);
}

/** Containers do not run as user 0. */
export function runAsUser({ spec }: Pod): Result {
  const who = setters(
    spec.securityContext?.runAsUser === 0,
    badContainers(spec, (c) => c.securityContext?.runAsUser === 0),
  );
  return bad(who, 'runAsUser=0', `${who.join(' and ')} must not set runAsUser=0`);
}

/** No profile but the runtime's or one of the node; `required`: and there has to be one. */
export function seccompRestricted({ spec }: Pod, required: boolean): Result {
  const reason = 'seccompProfile';
  const types: string[] = [];
  const isBad = (profile: { type: string } | undefined) => {
    if (!profile || profile.type === 'RuntimeDefault' || profile.type === 'Localhost') return false;
    types.push(profile.type);
    return true;
  };
  const ofPod = spec.securityContext?.seccompProfile;
  const pod = isBad(ofPod);
  const who = setters(
    pod,
    badContainers(spec, (c) => isBad(c.securityContext?.seccompProfile)),
  );
  if (who.length > 0)
    return bad(who, reason, `${who.join(' and ')} must not set securityContext.seccompProfile.type to ${quote(unique(types))}`);
  const implicit = !required || ofPod ? [] : badContainers(spec, (c) => c.securityContext?.seccompProfile === undefined);
  return bad(
    implicit,
    reason,
    `pod or ${list('container', implicit)} must set securityContext.seccompProfile.type to "RuntimeDefault" or "Localhost"`,
  );
}
