import { X509Certificate } from 'node:crypto';
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { issue, makeAuthority } from '../../src/server/certificates.js';
import { readKubeconfig } from '../../src/server/kubeconfig.js';
import { loadPair, storePair } from '../../src/server/key-files.js';
import { openPki, type PkiOptions } from '../../src/server/pki.js';
import { silentLogger } from '../../src/util/log.js';
import { UserError } from '../../src/util/user-error.js';

describe('pki', () => {
  let dataDir: string;
  beforeEach(async () => void (dataDir = await mkdtemp(join(tmpdir(), 'kubemu-pki-'))));
  afterEach(() => rm(dataDir, { recursive: true }));

  const options = (more: Partial<PkiOptions> = {}): PkiOptions => ({
    dataDir,
    bindAddress: '127.0.0.1',
    serviceAddresses: ['10.96.0.1', 'fd00::1'],
    tlsCertFile: undefined,
    tlsPrivateKeyFile: undefined,
    clientCAFile: undefined,
    tokenAuthFile: undefined,
    logger: silentLogger,
    ...more,
  });
  const refusal = async (more: Partial<PkiOptions>) => {
    const error = await openPki(options(more)).catch((e: unknown) => e);
    expect(error).to.be.instanceOf(UserError);
    return (error as UserError).message;
  };

  it('makes a serving certificate for all names of the server', async () => {
    const { serving, caCert } = await openPki(options());
    const certificate = new X509Certificate(serving.cert);
    expect(certificate.verify(new X509Certificate(caCert).publicKey)).to.equal(true);
    for (const name of ['localhost', 'kubernetes', 'kubernetes.default', 'kubernetes.default.svc', 'kubernetes.default.svc.cluster.local'])
      expect(certificate.checkHost(name), name).to.equal(name);
    for (const ip of ['127.0.0.1', '::1', '10.96.0.1', 'fd00::1']) expect(certificate.checkIP(ip), ip).to.equal(ip);
    expect(certificate.keyUsage).to.deep.equal(['1.3.6.1.5.5.7.3.1']);
  });

  it('makes certificates that a clock set back by hours still finds valid', async () => {
    const { serving, admin, caCert } = await openPki(options());
    for (const cert of [serving.cert, admin.cert, caCert])
      expect(Date.parse(new X509Certificate(cert).validFrom)).to.be.lessThan(Date.now() - 23 * 3_600_000);
  });

  it('makes an admin in system:masters', async () => {
    const { admin } = await openPki(options());
    expect(new X509Certificate(admin.cert).subject).to.equal('O=system:masters\nCN=kubernetes-admin');
  });

  it('keeps keys from others', async () => {
    const pki = await openPki(options());
    await pki.serviceAccountKey();
    for (const name of (await readdir(join(dataDir, 'pki'))).filter((n) => n.endsWith('.key')))
      expect((await stat(join(dataDir, 'pki', name))).mode & 0o777, name).to.equal(0o600);
    expect((await stat(await pki.writeKubeconfig(6443))).mode & 0o777).to.equal(0o600);
  });

  it('uses again what is there', async () => {
    const first = await openPki(options());
    const key = await first.serviceAccountKey();
    const second = await openPki(options());
    expect([second.caCert, second.serving, second.admin]).to.deep.equal([first.caCert, first.serving, first.admin]);
    expect((await second.serviceAccountKey()).equals(key)).to.equal(true);
  });

  it('makes the serving certificate again, and only it, when the names change', async () => {
    const first = await openPki(options());
    const second = await openPki(options({ serviceAddresses: ['10.0.0.1'] }));
    expect(second.caCert).to.equal(first.caCert);
    expect(second.admin).to.deep.equal(first.admin);
    expect(new X509Certificate(second.serving.cert).checkIP('10.0.0.1')).to.equal('10.0.0.1');
  });

  it('makes certificates again that are about to expire or were signed by another authority', async () => {
    const first = await openPki(options());
    const directory = join(dataDir, 'pki');
    const ca = await loadPair(directory, 'ca');
    if (!ca) throw new Error('no authority');
    await storePair(directory, 'admin', await issue(ca, { commonName: 'kubernetes-admin' }, 10));
    await storePair(
      directory,
      'apiserver',
      await issue(await makeAuthority('other', 100), { commonName: 'kube-apiserver' }, 100, { dns: ['localhost'], ips: [] }),
    );
    const second = await openPki(options());
    expect(second.caCert).to.equal(first.caCert);
    expect(Date.parse(new X509Certificate(second.admin.cert).validTo)).to.be.greaterThan(Date.now() + 300 * 86_400_000);
    expect(new X509Certificate(second.serving.cert).verify(new X509Certificate(second.caCert).publicKey)).to.equal(true);
  });

  it('refuses what cannot be used, names the file and leaves it as it is', async () => {
    await (await openPki(options())).serviceAccountKey();
    const directory = join(dataDir, 'pki');
    const good = new Map(await Promise.all((await readdir(directory)).map(async (f) => [f, await readFile(join(directory, f))] as const)));
    expect([...good.keys()].sort()).to.deep.equal([
      'admin.crt',
      'admin.key',
      'apiserver.crt',
      'apiserver.key',
      'ca.crt',
      'ca.key',
      'sa.key',
    ]);
    for (const [name, content] of good) {
      const path = join(directory, name);
      const pair = name.startsWith('sa') ? 'sa.key' : `${name.slice(0, -4)}.crt and ${name.slice(0, -4)}.key`;
      const advice = `: restore it from a copy, or remove ${pair} to have new made at the next start`;
      for (const garbled of [Buffer.alloc(0), Buffer.from('nonsense'), content.subarray(0, 100), Buffer.alloc(content.length)]) {
        await writeFile(path, garbled);
        expect(await refusal({})).to.equal(`${path} holds no ${name.endsWith('crt') ? 'certificate' : 'private key'}${advice}`);
        expect(await readFile(path)).to.deep.equal(garbled);
      }
      await rm(path);
      await mkdir(path);
      expect(await refusal({})).to.equal(`${path} cannot be read: EISDIR: illegal operation on a directory, read`);
      await rm(path, { recursive: true });
      if (name !== 'sa.key' && name.endsWith('.key')) {
        expect(await refusal({})).to.equal(`${path} is missing${advice}`);
        await writeFile(path, (await makeAuthority('other', 100)).key);
        expect(await refusal({})).to.equal(`${path} is not the key of ${name.slice(0, -4)}.crt${advice}`);
      }
      await writeFile(path, content);
    }
    const pki = await openPki(options());
    expect(pki.serving.cert).to.equal(String(good.get('apiserver.crt')));
  });

  it('makes anew what an interrupted first start has left half made', async () => {
    await openPki(options());
    for (const name of ['ca', 'apiserver', 'admin']) await rm(join(dataDir, 'pki', `${name}.crt`));
    const { serving, caCert } = await openPki(options());
    expect(new X509Certificate(serving.cert).verify(new X509Certificate(caCert).publicKey)).to.equal(true);
  });

  it('writes a kubeconfig that can be read back', async () => {
    const pki = await openPki(options({ bindAddress: '0.0.0.0' }));
    const path = await pki.writeKubeconfig(1234);
    expect(path).to.equal(join(dataDir, 'kubeconfig'));
    expect(await readKubeconfig(dataDir)).to.deep.equal({ server: 'https://127.0.0.1:1234', ca: pki.caCert, client: pki.admin });
    const garbled = (await readFile(path, 'utf8')).replace(/(client-key-data: )\S+/, '$1bm9uc2Vuc2U=');
    await writeFile(path, garbled);
    expect(await readKubeconfig(dataDir).catch((e: Error) => e.message)).to.contain('its client-key-data is no PEM');
    await writeFile(path, 'apiVersion: v1\nkind: Config\n');
    expect(await readKubeconfig(dataDir).catch((e: Error) => e.message)).to.contain('was not written by kubemu');
  });

  it("takes the user's own serving certificate and client authorities", async () => {
    const other = await makeAuthority('other', 100);
    await storePair(dataDir, 'own', other);
    const own = { tlsCertFile: join(dataDir, 'own.crt'), tlsPrivateKeyFile: join(dataDir, 'own.key') };
    const pki = await openPki(options({ ...own, clientCAFile: join(dataDir, 'own.crt') }));
    expect(pki.serving).to.deep.equal(other);
    expect(pki.caCert).to.equal(other.cert);
    expect(pki.clientCAs).to.have.length(2).and.to.include(other.cert);
  });

  it("says what is wrong with the user's files", async () => {
    await storePair(dataDir, 'one', await makeAuthority('one', 1));
    await storePair(dataDir, 'two', await makeAuthority('two', 1));
    const [one, two] = [join(dataDir, 'one.crt'), join(dataDir, 'two.key')];
    expect(await refusal({ tlsCertFile: one, tlsPrivateKeyFile: two })).to.equal(
      `--tls-private-key-file=${two} is not the key of --tls-cert-file=${one}`,
    );
    expect(await refusal({ clientCAFile: two })).to.equal(`--client-ca-file=${two} holds no certificate`);
    expect(await refusal({ clientCAFile: '/nowhere' })).to.match(/^--client-ca-file=\/nowhere: cannot be read: ENOENT/);
  });

  it('says when the data directory cannot be used', async () => {
    const file = join(dataDir, 'file');
    await writeFile(file, '');
    expect(await refusal({ dataDir: file })).to.match(/^--data-dir=.*file: cannot be used: /);
    await chmod(file, 0o600);
    expect(await readFile(file, 'utf8')).to.equal('');
  });
});
