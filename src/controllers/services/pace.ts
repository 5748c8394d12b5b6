// The pace of the controllers that write the endpoints of Services, as upstream's.

/** After so many failures in a row a key is given up until it changes. */
export const MAX_RETRIES = 15;
/** Milliseconds. Every node reads every change, so the changes of a rollout are better brought together. */
export const REST = 100;
