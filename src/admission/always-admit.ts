// Lets everything through, as all are without it. Upstream keeps the name for old configurations.
import type { Step } from './step.js';

export const alwaysAdmit: Step = { name: 'AlwaysAdmit', onByDefault: false, handles: () => false };
