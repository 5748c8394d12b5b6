// What was allocated for a claim, and who uses it.
import { validateChoice, validateDNSLabel } from '../meta/checks.js';
import { type FieldError, type FieldPath, at, forbidden, invalid, required, tooLong, tooMany } from '../meta/field-errors.js';
import { validateConditions } from '../meta/metadata.js';
import { byteLength, uuidProblem } from '../meta/names.js';
import { validateInterfaceAddress } from '../shared/ip.js';
import { validateNodeSelector } from '../shared/pod/affinity.js';
import { validateDriverName } from '../shared/pod/volumes.js';
import { validateImmutableStruct } from '../shared/go-value.js';
import type {
  AllocatedDeviceStatus,
  AllocationResult,
  DeviceRequestAllocationResult,
  NetworkDeviceData,
  ResourceClaim,
  ResourceClaimConsumerReference,
} from '../types/resource-v1.gen.js';
import {
  MAX_LIST,
  type RequestNames,
  requestNames,
  validateOpaque,
  validateRaw,
  validateRequestRef,
  validateRequestRefs,
} from './claim-devices.js';
import { validateBinding } from './device-validation.js';
import { validateList, validatePoolName, validateSet } from './device-lists.js';

const STATUS = at('status');
const MAX_CONSUMERS = 256;
const MAX_CONDITIONS = 8;
const MAX_ADDRESSES = 16;
const MAX_NETWORK_NAMES = { interfaceName: 256, hardwareAddress: 128 } as const;
const NOT_NORMAL = 'uid must be in RFC 4122 normalized form, `xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx` with lowercase hexadecimal characters';
const SOURCES = ['FromClaim', 'FromClass'];

interface DeviceId {
  readonly driver: string;
  readonly pool: string;
  readonly device: string;
  readonly shareID?: string | undefined;
}

/** @returns what is wrong with a change of a claim's status */
export function validateClaimStatus(claim: ResourceClaim, old: ResourceClaim): FieldError[] {
  const { reservedFor = [], devices, allocation } = claim.status;
  const reservedPath = STATUS.child('reservedFor');
  const allocated = new Set(results(claim).map(deviceKey));
  const errors = [
    ...validateSet(reservedFor, reservedPath, MAX_CONSUMERS, validateConsumer, ({ uid }) => uid),
    ...validateSet(
      devices,
      STATUS.child('devices'),
      Number.POSITIVE_INFINITY,
      (device, path) => validateDeviceStatus(device, path, allocated),
      deviceKey,
    ),
  ];
  if (reservedFor.length > 0) errors.push(...validateReserved(claim, old));
  if (!allocation) return errors;
  const path = STATUS.child('allocation');
  if (old.status.allocation)
    return [...errors, ...validateImmutableStruct(allocation, old.status.allocation, path, '*resource.AllocationResult')];
  return [...errors, ...validateAllocation(allocation, path, requestNames(claim.spec.devices))];
}

/** Devices of the status which are no longer allocated go with their allocation. */
export function dropDeallocatedDevices(claim: ResourceClaim, old: ResourceClaim): void {
  const allocated = new Set(results(claim).map(deviceKey));
  const gone = new Set(
    results(old)
      .map(deviceKey)
      .filter((key) => !allocated.has(key)),
  );
  const kept = claim.status.devices?.filter((device) => !gone.has(deviceKey(device)));
  claim.status.devices = kept?.length ? kept : undefined;
}

function results({ status }: ResourceClaim): readonly DeviceRequestAllocationResult[] {
  return status.allocation?.devices?.results ?? [];
}

function deviceKey({ driver, pool, device, shareID }: DeviceId): string {
  return `${driver}/${pool}/${device}${shareID === undefined ? '' : `/${shareID}`}`;
}

function validateReserved({ metadata, status }: ResourceClaim, old: ResourceClaim): FieldError[] {
  const path = STATUS.child('reservedFor');
  if (!status.allocation) return [forbidden(path, 'may not be specified when `allocated` is not set')];
  if (metadata.deletionTimestamp === undefined) return [];
  const before = new Set((old.status.reservedFor ?? []).map(({ uid }) => uid));
  return status.reservedFor?.every(({ uid }) => before.has(uid))
    ? []
    : [forbidden(path, 'new entries may not be added while `deallocationRequested` or `deletionTimestamp` are set')];
}

function validateConsumer(consumer: ResourceClaimConsumerReference, path: FieldPath): FieldError[] {
  return (['resource', 'name', 'uid'] as const).filter((field) => !consumer[field]).map((field) => required(path.child(field)));
}

function validateDeviceId({ driver, pool, device, shareID }: DeviceId, path: FieldPath): FieldError[] {
  return [
    ...validateDriverName(driver, path.child('driver')),
    ...validatePoolName(pool, path.child('pool')),
    ...validateDNSLabel(device, path.child('device')),
    ...(shareID === undefined ? [] : validateShareID(shareID, path.child('shareID'))),
  ];
}

function validateShareID(id: string, path: FieldPath): FieldError[] {
  const problem = uuidProblem(id);
  if (problem !== undefined) return [invalid(path, id, `error validating uid: ${problem}`)];
  return id.length === 36 && id === id.toLowerCase() ? [] : [invalid(path, id, NOT_NORMAL)];
}

function validateDeviceStatus(device: AllocatedDeviceStatus, path: FieldPath, allocated: ReadonlySet<string>): FieldError[] {
  const { data } = device;
  // without omitempty: what is empty is null
  const conditions = device.conditions ?? [];
  const errors = validateDeviceId(device, path);
  if (!allocated.has(deviceKey(device))) {
    const shown = { Driver: device.driver, Pool: device.pool, Device: device.device, ShareID: device.shareID ?? '' };
    errors.push(invalid(path, shown, 'must be an allocated device in the claim'));
  }
  if (conditions.length > MAX_CONDITIONS) errors.push(tooMany(path.child('conditions'), conditions.length, MAX_CONDITIONS));
  errors.push(...validateConditions(conditions, path.child('conditions')));
  if (data !== undefined) errors.push(...validateRaw(data, path.child('data')));
  return [...errors, ...validateNetworkData(device.networkData, path.child('networkData'))];
}

function validateNetworkData(data: NetworkDeviceData | undefined, path: FieldPath): FieldError[] {
  const tooLongFields = (['interfaceName', 'hardwareAddress'] as const).filter((f) => byteLength(data?.[f] ?? '') > MAX_NETWORK_NAMES[f]);
  return [
    ...tooLongFields.map((f) => tooLong(path.child(f), MAX_NETWORK_NAMES[f])),
    ...validateSet(
      data?.ips,
      path.child('ips'),
      MAX_ADDRESSES,
      (address, at) => validateInterfaceAddress(address, at),
      (address) => address,
    ),
  ];
}

function validateAllocation({ devices, nodeSelector }: AllocationResult, path: FieldPath, names: RequestNames): FieldError[] {
  const devicesPath = path.child('devices');
  return [
    ...validateList(devices?.results, devicesPath.child('results'), MAX_LIST, (result, at) => [
      ...validateRequestRef(result.request, at.child('request'), names),
      ...validateDeviceId(result, at),
      ...validateBinding(result, at),
    ]),
    ...validateList(devices?.config, devicesPath.child('config'), 2 * MAX_LIST, ({ source, requests, opaque }, at) => [
      ...validateChoice(source, at.child('source'), SOURCES),
      ...validateRequestRefs(requests, at.child('requests'), names),
      ...validateOpaque(opaque, at.child('opaque')),
    ]),
    ...(nodeSelector ? validateNodeSelector(nodeSelector, path.child('nodeSelector')) : []),
  ];
}
