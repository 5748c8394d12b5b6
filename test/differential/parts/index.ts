// All parts, in the order of running.
import { create, patch, subresources, update } from './fields.js';
import type { Part } from './part.js';

export const parts: readonly Part[] = [create, update, subresources, patch];
