/** A host and a port as URLs have them (Go's net.JoinHostPort): IPv6 addresses in brackets. */
export function hostPort(host: string, port: number | string): string {
  return `${host.includes(':') ? `[${host}]` : host}:${port}`;
}
