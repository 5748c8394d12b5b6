// All parts, in the order of running.
import { content, create, patch, subresources, update } from './fields.js';
import { forms } from './forms.js';
import { lifecycle } from './lifecycle.js';
import type { Part } from './part.js';
import { paths } from './paths.js';
import { queries } from './queries.js';

export const parts: readonly Part[] = [lifecycle, forms, paths, queries, create, content, update, subresources, patch];
