// Commands in containers and the output of containers.
import { PassThrough, pipeline, type Readable } from 'node:stream';
import type Docker from 'dockerode';
import { type Clock, sleep } from '../util/clock.js';
import { ByteLimit, FrameStripper } from './docker-logs.js';
import { isMissing } from './docker-state.js';
import { type ExecResult, type LogOptions, RuntimeError } from './runtime.js';

/** As much of a command's output as a probe's event shows. */
const MAX_OUTPUT = 10 * 1024;

/** Runs a command in a container. @returns exit code -1 when it is not done in time (0: it has all the time it wants) */
export async function execIn(
  docker: Docker,
  id: string,
  command: readonly string[],
  { timeoutMs, clock }: { timeoutMs: number; clock: Clock },
): Promise<ExecResult> {
  const exec = await docker.getContainer(id).exec({ Cmd: [...command], AttachStdout: true, AttachStderr: true });
  const stream = await exec.start({ hijack: true, stdin: false });
  const chunks: Buffer[] = [];
  let size = 0;
  const sink = new PassThrough();
  sink.on('data', (chunk: Buffer) => {
    if (size < MAX_OUTPUT) chunks.push(chunk);
    size += chunk.length;
  });
  docker.modem.demuxStream(stream, sink, sink);
  const ended = new Promise<boolean>((resolve) => ['end', 'close', 'error'].forEach((event) => stream.on(event, () => resolve(true))));
  const timer = new AbortController();
  const inTime = timeoutMs <= 0 ? await ended : await Promise.race([ended, sleep(clock, timeoutMs, timer.signal).then(() => false)]);
  timer.abort();
  if (!inTime) {
    stream.destroy();
    return { exitCode: -1, output: `command ${JSON.stringify(command.join(' '))} timed out` };
  }
  const { ExitCode } = await exec.inspect();
  return { exitCode: ExitCode ?? -1, output: Buffer.concat(chunks).toString().slice(0, MAX_OUTPUT) };
}

/** The output of a container. @throws RuntimeError when there is no such container */
export async function logsOf(
  docker: Docker,
  id: string,
  { follow, tailLines, sinceMs, timestamps, limitBytes, signal }: LogOptions,
): Promise<Readable> {
  const details = await docker
    .getContainer(id)
    .inspect()
    .catch((error: unknown) => {
      throw isMissing(error) ? new RuntimeError('NotFound', `unable to retrieve container logs for docker://${id}`) : error;
    });
  const stream = await logStream(docker, id, {
    stdout: true,
    stderr: true,
    follow: follow ?? false,
    timestamps: timestamps ?? false,
    ...(tailLines !== undefined && { tail: tailLines }),
    ...(sinceMs !== undefined && { since: Math.max(0, sinceMs) / 1_000 }),
  });
  const steps = [...(details.Config.Tty ? [] : [new FrameStripper()]), ...(limitBytes === undefined ? [] : [new ByteLimit(limitBytes)])];
  const result = steps.at(-1) ?? stream;
  // whichever side ends or is destroyed, the other one is too
  if (steps.length > 0) pipeline([stream, ...steps], () => undefined);
  const end = () => void stream.destroy();
  if (signal?.aborted) end();
  signal?.addEventListener('abort', end, { once: true });
  result.once('close', () => {
    signal?.removeEventListener('abort', end);
    end();
  });
  return result;
}

/** The last lines of a container's output. */
export async function lastLines(docker: Docker, id: string, tty: boolean, lines: number): Promise<string> {
  const stream = await logStream(docker, id, { stdout: true, stderr: true, tail: lines });
  const chunks: Buffer[] = [];
  for await (const chunk of (tty ? stream : stream.pipe(new FrameStripper())) as AsyncIterable<Buffer>) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}

/** dockerode answers a whole buffer without `follow`: logs may be large, so it is asked for a stream by hand. */
function logStream(docker: Docker, id: string, options: Record<string, unknown>): Promise<Readable> {
  const statusCodes = { 200: true, 101: true, 404: 'no such container', 500: 'server error' };
  const call = { path: `/containers/${id}/logs?`, method: 'GET', isStream: true, options, statusCodes };
  return new Promise((resolve, reject) =>
    docker.modem.dial(call, (error, stream) => (error ? reject(error) : resolve(stream as Readable))),
  );
}
