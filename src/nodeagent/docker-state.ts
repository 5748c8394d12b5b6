import { readFile } from 'node:fs/promises';
import type { ContainerInspectInfo } from 'dockerode';
import { LABELS } from './docker-config.js';
import { type RuntimeContainer, START_ERROR } from './runtime.js';

/** The longest termination message, from its file and from the end of the log. */
const MAX_MESSAGE = 4096;
const MAX_LOG_MESSAGE = 2048;
const LOG_LINES = 80;

/** A container's id as a pod's status shows it. */
export function dockerId(id: string): string {
  return `docker://${id}`;
}

/** The id that Docker knows. */
export function rawId(id: string): string {
  return id.replace('docker://', '');
}

/** Docker knows no such thing. */
export function isMissing(error: unknown): boolean {
  return (error as { statusCode?: number }).statusCode === 404;
}

/** What Docker says went wrong, without the client's prefix. */
export function reasonOf(error: unknown): string {
  const { json, message } = error as { json?: { message?: string }; message?: string };
  return (json?.message ?? message ?? String(error)).replace(/^\(HTTP code \d+\) [a-z ]+ - /, '').trim();
}

/** A container as the agent sees it, without its termination message; undefined: made, but nobody has tried to start it. */
export function containerState(info: ContainerInspectInfo): RuntimeContainer | undefined {
  const { Id, State, Config, Image } = info;
  const labels = Config.Labels ?? {};
  const common = {
    id: dockerId(Id),
    name: labels[LABELS.container] ?? '',
    attempt: Number(labels[LABELS.attempt] ?? 0),
    image: labels[LABELS.image] ?? Config.Image,
    imageID: dockerId(Image),
    startedAt: Date.parse(State.StartedAt),
  };
  if (State.Running || State.Restarting) return { ...common, state: 'running' };
  if (State.Status === 'created') {
    if (State.Error === '') return undefined;
    const at = Date.parse(info.Created);
    return { ...common, state: 'exited', exitCode: 128, reason: START_ERROR, message: State.Error, startedAt: at, finishedAt: at };
  }
  const reason = State.OOMKilled ? 'OOMKilled' : State.ExitCode === 0 ? 'Completed' : 'Error';
  return { ...common, state: 'exited', exitCode: State.ExitCode, reason, finishedAt: Date.parse(State.FinishedAt) };
}

/**
 * What a container has left: the content of its termination log, or, where its policy says so and it failed, the end of
 * its output.
 * @param tail reads the last lines of the output
 */
export async function terminationMessage(
  path: string,
  failed: boolean,
  policy: string | undefined,
  tail: (lines: number) => Promise<string>,
): Promise<string> {
  const written = await readFile(path).catch(() => Buffer.alloc(0));
  if (written.length > 0) return written.subarray(0, MAX_MESSAGE).toString();
  if (!failed || policy !== 'FallbackToLogsOnError') return '';
  return (await tail(LOG_LINES)).slice(-MAX_LOG_MESSAGE);
}
