// How containers use the pod's volumes: mounts and block devices.
import { type FieldError, type FieldPath, forbidden, invalid, notFound, notSupported, required } from '../../meta/field-errors.js';
import type { Container, EphemeralContainer, VolumeMount } from '../../types/core-v1.gen.js';
import { requireText, validateDescendingPath, validateNoBacksteps, validateOptionalChoice } from '../../meta/checks.js';
import type { Volumes } from './volumes.js';

/** @returns all that is wrong with a container's mounts and devices; `path` is that of the container */
export function validateMounts(container: Container | EphemeralContainer, path: FieldPath, volumes: Volumes): FieldError[] {
  return [
    ...validateVolumeMounts(container, path.child('volumeMounts'), volumes),
    ...validateDevices(container, path.child('volumeDevices'), volumes),
  ];
}

function validateVolumeMounts(container: Container | EphemeralContainer, path: FieldPath, volumes: Volumes): FieldError[] {
  const devices = container.volumeDevices ?? [];
  const taken = new Set<string>();
  return (container.volumeMounts ?? []).flatMap((mount, i) => {
    const at = path.index(i);
    const { name, mountPath } = mount;
    const errors = requireText(name, at.child('name'));
    if (!volumes.has(name)) errors.push(notFound(at.child('name'), name));
    errors.push(...requireText(mountPath, at.child('mountPath')));
    if (taken.has(mountPath)) errors.push(invalid(at.child('mountPath'), mountPath, 'must be unique'));
    taken.add(mountPath);
    if (devices.some((d) => d.name === name)) errors.push(invalid(at.child('name'), name, 'must not already exist in volumeDevices'));
    if (devices.some((d) => d.devicePath === mountPath))
      errors.push(invalid(at.child('mountPath'), mountPath, 'must not already exist as a path in volumeDevices'));
    return [...errors, ...validateMount(mount, at, container, path)];
  });
}

const PROPAGATIONS = ['Bidirectional', 'HostToContainer', 'None'];

// upstream leaves out which of the mounts it is in most of these
function validateMount(mount: VolumeMount, at: FieldPath, container: Container | EphemeralContainer, list: FieldPath): FieldError[] {
  const errors: FieldError[] = [];
  if (mount.subPath) errors.push(...validateDescendingPath(mount.subPath, list.child('subPath')));
  if (mount.subPathExpr) {
    if (mount.subPath) errors.push(invalid(at.child('subPathExpr'), mount.subPathExpr, 'subPathExpr and subPath are mutually exclusive'));
    errors.push(...validateDescendingPath(mount.subPathExpr, list.child('subPathExpr')));
  }
  const propagation = mount.mountPropagation;
  errors.push(...validateOptionalChoice(propagation, list.child('mountPropagation'), PROPAGATIONS));
  if (propagation === 'Bidirectional' && !container.securityContext?.privileged)
    errors.push(forbidden(list.child('mountPropagation'), 'Bidirectional mount propagation is available only to privileged containers'));
  return [...errors, ...validateRecursiveReadOnly(mount, list.child('recursiveReadOnly'))];
}

function validateRecursiveReadOnly({ recursiveReadOnly, readOnly, mountPropagation }: VolumeMount, path: FieldPath): FieldError[] {
  if (recursiveReadOnly === undefined || recursiveReadOnly === 'Disabled') return [];
  if (recursiveReadOnly !== 'Enabled' && recursiveReadOnly !== 'IfPossible')
    return [notSupported(path, recursiveReadOnly, ['Disabled', 'Enabled', 'IfPossible'])];
  const errors: FieldError[] = [];
  if (!readOnly) errors.push(forbidden(path, 'may only be specified when readOnly is true'));
  if (mountPropagation !== undefined && mountPropagation !== 'None')
    errors.push(forbidden(path, 'may only be specified when mountPropagation is None or not specified'));
  return errors;
}

function validateDevices(container: Container | EphemeralContainer, path: FieldPath, volumes: Volumes): FieldError[] {
  const mounts = container.volumeMounts ?? [];
  const paths = new Set<string>();
  const names = new Set<string>();
  return (container.volumeDevices ?? []).flatMap(({ name, devicePath }, i) => {
    const at = path.index(i);
    const errors = requireText(name, at.child('name'));
    if (names.has(name)) errors.push(invalid(at.child('name'), name, 'must be unique'));
    const volume = volumes.get(name);
    if (!volume) errors.push(notFound(at.child('name'), name));
    else if (!volume.persistentVolumeClaim && !volume.ephemeral)
      errors.push(invalid(at.child('name'), name, 'can only use volume source type of PersistentVolumeClaim or Ephemeral for block mode'));
    if (!devicePath) errors.push(required(at.child('devicePath')));
    if (paths.has(devicePath)) errors.push(invalid(at.child('devicePath'), devicePath, 'must be unique'));
    if (devicePath && validateNoBacksteps(devicePath, at).length > 0)
      errors.push(invalid(at.child('devicePath'), devicePath, "can not contain backsteps ('..')"));
    else paths.add(devicePath);
    if (mounts.some((m) => m.name === name)) errors.push(invalid(at.child('name'), name, 'must not already exist in volumeMounts'));
    if (mounts.some((m) => m.mountPath === devicePath))
      errors.push(invalid(at.child('devicePath'), devicePath, 'must not already exist as a path in volumeMounts'));
    if (name) names.add(name);
    return errors;
  });
}
