import 'reflect-metadata'; // @peculiar/x509 refuses to load without it
import { generateKeyPairSync, X509Certificate } from 'node:crypto';
import * as x509 from '@peculiar/x509';
import { expect } from 'chai';
import { issue, type KeyPair, makeAuthority } from '../../src/server/certificates.js';

const NAMES = { dns: ['localhost', 'kubernetes.default'], ips: ['127.0.0.1', '::1', 'fd00::a:1'] };

/** Read by a library that has no part in making them. */
const read = ({ cert }: KeyPair) => new x509.X509Certificate(cert);
const usage = (pair: KeyPair) => read(pair).getExtension(x509.KeyUsagesExtension);

describe('certificates', () => {
  let ca: KeyPair;
  before(async () => void (ca = await makeAuthority('kubemu', 3650)));

  it('of an authority say that it is one', async () => {
    const authority = read(ca);
    expect(authority.subject).to.equal('CN=kubemu');
    expect(authority.issuer).to.equal('CN=kubemu');
    expect(authority.getExtension(x509.BasicConstraintsExtension)).to.include({ ca: true, pathLength: undefined, critical: true });
    expect(usage(ca)).to.include({
      usages: x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.digitalSignature | x509.KeyUsageFlags.keyEncipherment,
      critical: true,
    });
    expect(await authority.verify({ publicKey: authority.publicKey })).to.equal(true);
    expect(authority.getExtension(x509.SubjectKeyIdentifierExtension)?.keyId).to.equal(
      (await x509.SubjectKeyIdentifierExtension.create(authority.publicKey)).keyId,
    );
  });

  it('of a server hold its names', async () => {
    const server = await issue(ca, { commonName: 'kube-apiserver' }, 365, NAMES);
    const certificate = read(server);
    expect(certificate.getExtension(x509.ExtendedKeyUsageExtension)?.usages).to.deep.equal([x509.ExtendedKeyUsage.serverAuth]);
    expect(
      certificate.getExtension(x509.SubjectAlternativeNameExtension)?.names.items.map(({ type, value }) => [type, value]),
    ).to.deep.equal([
      ['dns', 'localhost'],
      ['dns', 'kubernetes.default'],
      ['ip', '127.0.0.1'],
      ['ip', '::1'],
      ['ip', 'fd00::a:1'],
    ]);
    const node = new X509Certificate(server.cert);
    for (const name of NAMES.dns) expect(node.checkHost(name), name).to.equal(name);
    for (const ip of NAMES.ips) expect(node.checkIP(ip), ip).to.equal(ip);
  });

  it('of a client hold its name and groups, and are signed by the authority', async () => {
    const client = await issue(ca, { commonName: 'jané', organizations: ['system:masters', 'b, c'] }, 1);
    const certificate = read(client);
    expect(new X509Certificate(client.cert).toLegacyObject().subject).to.deep.equal({ O: ['system:masters', 'b, c'], CN: 'jané' });
    expect(certificate.getExtension(x509.ExtendedKeyUsageExtension)?.usages).to.deep.equal([x509.ExtendedKeyUsage.clientAuth]);
    expect(certificate.getExtension(x509.BasicConstraintsExtension)).to.include({ ca: false, critical: true });
    expect(usage(client)?.usages).to.equal(x509.KeyUsageFlags.digitalSignature | x509.KeyUsageFlags.keyEncipherment);
    expect(certificate.getExtension(x509.AuthorityKeyIdentifierExtension)?.keyId).to.equal(
      read(ca).getExtension(x509.SubjectKeyIdentifierExtension)?.keyId,
    );
    const [issued, authority] = [new X509Certificate(client.cert), new X509Certificate(ca.cert)];
    expect(issued.checkIssued(authority)).to.equal(true);
    expect(issued.verify(authority.publicKey)).to.equal(true);
  });

  it('are valid from a day ago, for as long as wanted', async () => {
    const { notBefore, notAfter } = read(await issue(ca, { commonName: 'jane' }, 10));
    const days = (date: Date) => (date.getTime() - Date.now()) / 86_400_000;
    expect(days(notBefore)).to.be.closeTo(-1, 0.01);
    expect(days(notAfter)).to.be.closeTo(10, 0.01);
    expect(days(read(await makeAuthority('old', 30_000)).notAfter)).to.be.closeTo(30_000, 0.01);
  });

  it('have numbers of their own, which are positive', async () => {
    const numbers = await Promise.all(
      Array.from({ length: 20 }, async () => read(await issue(ca, { commonName: 'jane' }, 1)).serialNumber),
    );
    expect(new Set(numbers).size).to.equal(20);
    for (const number of numbers) expect(number).to.match(/^(00)?[0-9a-f]{24,32}$/);
  });

  it('are signed by an authority that was made elsewhere, with its own kind of key', async () => {
    const keys = await x509.cryptoProvider
      .get()
      .subtle.generateKey(
        { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256', modulusLength: 2048, publicExponent: new Uint8Array([1, 0, 1]) },
        true,
        ['sign', 'verify'],
      );
    const made = await x509.X509CertificateGenerator.createSelfSigned({
      name: 'CN=elsewhere',
      keys,
      extensions: [new x509.BasicConstraintsExtension(true), await x509.SubjectKeyIdentifierExtension.create(keys.publicKey)],
    });
    const key = x509.PemConverter.encode(await x509.cryptoProvider.get().subtle.exportKey('pkcs8', keys.privateKey), 'PRIVATE KEY');
    const authority = new X509Certificate(made.toString('pem'));
    const issued = new X509Certificate((await issue({ cert: authority.toString(), key }, { commonName: 'jane' }, 1)).cert);
    expect(issued.checkIssued(authority)).to.equal(true);
    expect(issued.verify(authority.publicKey)).to.equal(true);
  });

  it('are not signed with keys whose signatures are made differently', async () => {
    const key = generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' }) as string;
    const failed = await issue({ cert: ca.cert, key }, { commonName: 'jane' }, 1).catch((e: Error) => e.message);
    expect(failed).to.equal('certificates are not signed with keys of type ed25519');
  });
});
