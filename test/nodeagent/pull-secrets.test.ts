import { expect } from 'chai';
import type { Secret } from '../../src/api/types/core-v1.gen.js';
import { credentialsFor } from '../../src/nodeagent/pull-secrets.js';

const KEY = { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'key' } } as const;
const base64 = (text: string) => Buffer.from(text).toString('base64');

/** @param users by location */
function secret(users: Record<string, string>): Secret {
  const auths = Object.fromEntries(Object.entries(users).map(([at, name]) => [at, { auth: base64(`${name}:pass:word`) }]));
  return {
    ...KEY,
    type: 'kubernetes.io/dockerconfigjson',
    data: { '.dockerconfigjson': base64(JSON.stringify({ auths })) },
  };
}

const namesFor = (repository: string, ...secrets: Secret[]) => credentialsFor(repository, secrets).map((c) => c.username);

describe('credentials of image repositories', () => {
  it('are those of the host, whatever its address is written like', () => {
    for (const location of ['registry.example', 'https://registry.example', 'http://registry.example/', 'https://registry.example/v1/'])
      expect(credentialsFor('registry.example/a/b', [secret({ [location]: 'u' })]), location).to.deep.equal([
        { username: 'u', password: 'pass:word' },
      ]);
  });

  it('are not those of another host, port or path', () => {
    const key = secret({ 'other.example': 'a', 'registry.example:5000': 'b', 'registry.example/team': 'c', 'sub.registry.example': 'd' });
    expect(namesFor('registry.example/a/b', key)).to.deep.equal([]);
  });

  it('are tried from the most special place to the most general', () => {
    const key = secret({ 'registry.example': 'host', 'registry.example/team/app': 'app', 'registry.example/team': 'team' });
    expect(namesFor('registry.example/team/app', key)).to.deep.equal(['app', 'team', 'host']);
  });

  it('match parts of a host by pattern', () => {
    const key = secret({ '*.example': 'one', '*.*.example': 'two', 'eu-?.example': 'eu' });
    expect(namesFor('registry.example/a', key)).to.deep.equal(['one']);
    expect(namesFor('a.b.example/a', key)).to.deep.equal(['two']);
    expect(namesFor('eu-1.example/a', key)).to.deep.equal(['eu', 'one']);
  });

  it('of Docker Hub go by its other name', () => {
    expect(namesFor('docker.io/library/nginx', secret({ 'https://index.docker.io/v1/': 'hub' }))).to.deep.equal(['hub']);
    expect(namesFor('docker.io/library/nginx', secret({ 'docker.io': 'own', 'https://index.docker.io/v1/': 'hub' }))).to.deep.equal([
      'own',
    ]);
    expect(namesFor('registry.example/nginx', secret({ 'https://index.docker.io/v1/': 'hub' }))).to.deep.equal([]);
  });

  it('come from the old form of secrets too, and from no other secret', () => {
    const old = { ...KEY, type: 'kubernetes.io/dockercfg' };
    const data = { '.dockercfg': base64(JSON.stringify({ 'registry.example': { username: 'u', password: 'p' } })) };
    expect(credentialsFor('registry.example/a', [{ ...old, data }])).to.deep.equal([{ username: 'u', password: 'p' }]);
    expect(credentialsFor('registry.example/a', [{ ...old, data, type: 'Opaque' }])).to.deep.equal([]);
    expect(credentialsFor('registry.example/a', [{ ...old, data: { '.dockercfg': base64('{') } }])).to.deep.equal([]);
  });
});
