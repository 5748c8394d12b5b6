// What --admission-control-config-file may say. Messages are those of kube-apiserver v1.36, after the place they are about.
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { createAdmission } from '../../src/admission/index.js';
import { UserError } from '../../src/util/user-error.js';

const HEAD = 'apiVersion: apiserver.config.k8s.io/v1\nkind: AdmissionConfiguration\n';

describe('the configuration of admission', () => {
  let directory: string;
  let file: string;
  before(async () => {
    directory = await mkdtemp(join(tmpdir(), 'kubemu-test-'));
    file = join(directory, 'config.yaml');
  });
  after(() => rm(directory, { recursive: true, force: true }));

  /** "accepted", or why not, after the flag and the file. */
  async function read(text: string, enable: readonly string[] = []): Promise<string> {
    await writeFile(file, text);
    const error: unknown = await createAdmission({ enable, disable: [], configFile: file }).then(
      () => undefined,
      (e: unknown) => e,
    );
    if (error === undefined) return 'accepted';
    expect(error).to.be.instanceOf(UserError);
    const { message } = error as Error;
    const start = `--admission-control-config-file=${file}: `;
    expect(message.slice(0, start.length)).to.equal(start);
    expect(message).not.to.contain('\n');
    return message.slice(start.length);
  }
  const entry = (name: string, configuration: object) => `${HEAD}plugins: ${JSON.stringify([{ name, configuration }])}`;

  it('is an AdmissionConfiguration, in YAML or JSON', async () => {
    expect(await read(HEAD)).to.equal('accepted');
    expect(await read(`${HEAD}plugins:\n`)).to.equal('accepted');
    expect(await read('{"apiVersion":"apiserver.k8s.io/v1alpha1","kind":"AdmissionConfiguration","plugins":[]}')).to.equal('accepted');
    expect(await read('')).to.equal("Object 'Kind' is missing");
    expect(await read('kind: AdmissionConfiguration')).to.equal("Object 'apiVersion' is missing");
    expect(await read('[]')).to.equal('must be an object with apiVersion and kind');
    expect(await read('apiVersion: apiserver.config.k8s.io/v1\nkind: EncryptionConfiguration')).to.equal(
      'no kind "EncryptionConfiguration" is registered for version "apiserver.config.k8s.io/v1"; there are: AdmissionConfiguration of apiserver.config.k8s.io/v1, AdmissionConfiguration of apiserver.k8s.io/v1alpha1',
    );
    expect(await read('{"a": ')).to.equal('unexpected end of JSON input');
    expect(await read('a: "b')).to.equal('yaml: found unexpected end of stream');
  });

  it('that cannot be read is refused', async () => {
    const missing = join(directory, 'missing');
    const error: unknown = await createAdmission({ enable: [], disable: [], configFile: missing }).catch((e: unknown) => e);
    expect(error).to.be.instanceOf(UserError);
    expect((error as Error).message).to.match(/^--admission-control-config-file=.*missing: cannot be read: ENOENT/);
  });

  it('is read strictly', async () => {
    expect(await read(`${HEAD}plugin: []\nplugins:\n- name: PodSecurity\n  Path: x`)).to.equal(
      'strict decoding error: unknown field "plugin", unknown field "plugins[0].Path"',
    );
    expect(await read(`${HEAD}plugins: []\nplugins: []`)).to.equal('strict decoding error: line 4: key "plugins" already set in map');
    expect(await read(`${HEAD}plugins: {}`)).to.equal(
      'json: cannot unmarshal object into Go struct field AdmissionConfiguration.plugins of type []v1.AdmissionPluginConfiguration',
    );
    expect(await read(`${HEAD}plugins: [{name: 3}]`)).to.equal(
      'json: cannot unmarshal number into Go struct field AdmissionPluginConfiguration.plugins.name of type string',
    );
  });

  it('is about plug-ins that there are', async () => {
    expect(await read(`${HEAD}plugins: [{name: LimitRanger, configuration: {a: 1}}, {name: Nonsense}]`)).to.match(
      /^plugins\[1\]\.name: unknown admission plug-in "Nonsense"; there are AlwaysAdmit, /,
    );
    expect(await read(`${HEAD}plugins: [{name: ValidatingAdmissionWebhook, path: x}]`)).to.equal(
      'plugins[0].name: the admission plug-in ValidatingAdmissionWebhook is not supported yet',
    );
  });

  describe('of a plug-in', () => {
    const refused = `plugins[0].path=inner/security.yaml: Object 'Kind' is missing`;

    it('may stand in a file beside it; an empty one says nothing', async () => {
      await mkdir(join(directory, 'inner'));
      const text = `${HEAD}plugins: [{name: PodSecurity, path: inner/security.yaml}]`;
      expect(await read(text)).to.match(/^plugins\[0\]\.path=inner\/security\.yaml: cannot be read: ENOENT/);
      await writeFile(join(directory, 'inner', 'security.yaml'), '');
      expect(await read(text)).to.equal('accepted');
      await writeFile(join(directory, 'inner', 'security.yaml'), '{}');
      expect(await read(text)).to.equal(refused);
    });

    it('is the embedded one before that of a file, and the first of several', async () => {
      const good = '{apiVersion: pod-security.admission.config.k8s.io/v1, kind: PodSecurityConfiguration}';
      expect(await read(`${HEAD}plugins: [{name: PodSecurity, path: missing, configuration: ${good}}]`)).to.equal('accepted');
      expect(await read(`${HEAD}plugins: [{name: PodSecurity, path: inner/security.yaml, configuration: null}]`)).to.equal(refused);
      expect(await read(`${HEAD}plugins: [{name: PodSecurity, configuration: ${good}}, {name: PodSecurity, path: missing}]`)).to.equal(
        'accepted',
      );
    });

    it('that is off is not read', async () => {
      expect(await read(`${HEAD}plugins: [{name: PodNodeSelector, path: missing}]`)).to.equal('accepted');
      expect(await read(`${HEAD}plugins: [{name: PodNodeSelector, path: missing}]`, ['PodNodeSelector'])).to.match(
        /^plugins\[0\]\.path=missing: cannot be read/,
      );
    });
  });

  describe('of PodSecurity', () => {
    const security = (rest: object, version = 'v1') =>
      read(
        entry('PodSecurity', { apiVersion: `pod-security.admission.config.k8s.io/${version}`, kind: 'PodSecurityConfiguration', ...rest }),
      );

    it('has three versions', async () => {
      for (const version of ['v1', 'v1beta1', 'v1alpha1']) expect(await security({}, version)).to.equal('accepted');
      expect(await security({}, 'v2')).to.match(
        /^plugins\[0\]\.configuration: no kind "PodSecurityConfiguration" is registered for version "pod-security\.admission\.config\.k8s\.io\/v2"; there are: /,
      );
    });

    it('is read strictly, also where JSON tells of keys given twice', async () => {
      expect(await security({ defaults: { enforse: 'baseline' } })).to.equal(
        'plugins[0].configuration: strict decoding error: unknown field "defaults.enforse"',
      );
      expect(await security({ defaults: { enforce: 1 } })).to.equal(
        'plugins[0].configuration: json: cannot unmarshal number into Go struct field PodSecurityDefaults.defaults.enforce of type string',
      );
      const twice =
        '{"apiVersion":"apiserver.config.k8s.io/v1","kind":"AdmissionConfiguration","plugins":[{"name":"PodSecurity","configuration":{"apiVersion":"pod-security.admission.config.k8s.io/v1","kind":"PodSecurityConfiguration","defaults":{"warn":"baseline","warn":"baseline"}}}]}';
      expect(await read(twice)).to.equal('plugins[0].configuration: strict decoding error: duplicate field "defaults.warn"');
    });

    it('names levels, versions and who is exempt', async () => {
      expect(await security({ defaults: { enforce: 'baseline', 'warn-version': 'v1.20', audit: '' } })).to.equal('accepted');
      expect(await security({ defaults: { enforce: 'base', 'warn-version': '1.20', 'audit-version': `v1.${'9'.repeat(20)}` } })).to.equal(
        'plugins[0].configuration: defaults.enforce: Invalid value: "base": must be one of privileged, baseline, restricted, ' +
          'defaults.warn-version: Invalid value: "1.20": must be "latest" or "v1.x", ' +
          'defaults.audit-version: Invalid value: "v1.99999999999999999999": must be "latest" or "v1.x"',
      );
      expect(
        await security({ exemptions: { usernames: ['', 'a', 'a'], namespaces: ['x', 'y', 'x'], runtimeClasses: ['r', 'r'] } }),
      ).to.equal(
        'plugins[0].configuration: exemptions.namespaces[2]: Duplicate value: "x", exemptions.runtimeClasses[1]: Duplicate value: "r", ' +
          'exemptions.usernames[0]: Invalid value: "": username must not be empty, exemptions.usernames[2]: Duplicate value: "a"',
      );
      expect(await security({ exemptions: { namespaces: ['A_'] } })).to.match(
        /^plugins\[0\]\.configuration: exemptions\.namespaces\[0\]: Invalid value: "A_": a lowercase RFC 1123 label must consist/,
      );
    });
  });

  it('of PodNodeSelector is a map of texts, also where it is the whole file', async () => {
    const selectors = (configuration: unknown) => read(entry('PodNodeSelector', configuration as object), ['PodNodeSelector']);
    expect(await selectors({ podNodeSelectorPluginConfig: { clusterDefaultNodeSelector: 'a=b', ns: 'a in (b)' } })).to.equal('accepted');
    expect(await selectors({})).to.equal('accepted');
    const place = 'plugins[0].configuration: ';
    expect(await selectors([])).to.equal(`${place}must be an object with podNodeSelectorPluginConfig`);
    expect(await selectors({ podNodeSelectorPluginConfig: [] })).to.equal(
      `${place}podNodeSelectorPluginConfig: must be a map of label selectors by namespace`,
    );
    expect(await selectors({ podNodeSelectorPluginConfig: { ns: 1 } })).to.equal(
      `${place}podNodeSelectorPluginConfig.ns: must be text, not 1`,
    );
    expect(await read('podNodeSelectorPluginConfig: {ns: 1}')).to.equal('accepted');
    expect(await read('podNodeSelectorPluginConfig: {ns: 1}', ['PodNodeSelector'])).to.equal(
      'podNodeSelectorPluginConfig.ns: must be text, not 1',
    );
    expect(await read(`${HEAD}podNodeSelectorPluginConfig: {}`)).to.equal(
      'strict decoding error: unknown field "podNodeSelectorPluginConfig"',
    );
  });

  it('of PodTolerationRestriction are good tolerations; it is not read strictly', async () => {
    const tolerations = (rest: object) =>
      read(
        entry('PodTolerationRestriction', {
          apiVersion: 'podtolerationrestriction.admission.k8s.io/v1alpha1',
          kind: 'Configuration',
          ...rest,
        }),
        ['PodTolerationRestriction'],
      );
    expect(await tolerations({ default: [{ operator: 'Exists' }], more: 1 })).to.equal('accepted');
    expect(await tolerations({ default: [{ key: 'a', operator: 'Is' }], whitelist: [{}] })).to.equal(
      'plugins[0].configuration: podtolerationrestriction.default[0].operator: Unsupported value: "Is": supported values: "Equal", "Exists", ' +
        'podtolerationrestriction.whitelist[0].operator: Invalid value: "": operator must be Exists when `key` is empty, which means "match all values and all keys"',
    );
    expect(await tolerations({ default: {} })).to.equal(
      'plugins[0].configuration: json: cannot unmarshal object into Go struct field Configuration.default of type []v1.Toleration',
    );
  });

  it('of ResourceQuota has a kind of its own in its last version', async () => {
    const quota = (apiVersion: string, kind: string, limitedResources: unknown[] = []) =>
      read(entry('ResourceQuota', { apiVersion, kind, limitedResources }));
    expect(
      await quota('apiserver.config.k8s.io/v1', 'ResourceQuotaConfiguration', [{ resource: 'pods', matchContains: ['cpu'] }]),
    ).to.equal('accepted');
    expect(await quota('resourcequota.admission.k8s.io/v1beta1', 'Configuration')).to.equal('accepted');
    expect(await quota('resourcequota.admission.k8s.io/v1alpha1', 'Configuration', [{ apiGroup: 'apps' }])).to.equal(
      'plugins[0].configuration: limitedResources[0].resource: Required value',
    );
    expect(await quota('apiserver.config.k8s.io/v1', 'ResourceQuotaConfiguration', [{ resources: 'pods' }])).to.equal(
      'plugins[0].configuration: strict decoding error: unknown field "limitedResources[0].resources"',
    );
    expect(await quota('apiserver.config.k8s.io/v1', 'Configuration')).to.match(/no kind "Configuration" is registered/);
  });

  it('of EventRateLimit are limits, which it cannot do without', async () => {
    const limits = (...list: object[]) =>
      read(entry('EventRateLimit', { apiVersion: 'eventratelimit.admission.k8s.io/v1alpha1', kind: 'Configuration', limits: list }), [
        'EventRateLimit',
      ]);
    expect(await limits({ type: 'Server', qps: 1, burst: 1, cacheSize: -1, more: 1 })).to.equal('accepted');
    expect(await limits()).to.equal('plugins[0].configuration: limits: Invalid value: []: must not be empty');
    expect(await limits({ type: 'Foo', burst: -1, cacheSize: -2 })).to.equal(
      'plugins[0].configuration: limits[0].type: Unsupported value: "Foo": supported values: "Server", "Namespace", "User", "SourceAndObject", ' +
        'limits[0].burst: Invalid value: -1: must be positive, limits[0].qps: Invalid value: 0: must be positive, ' +
        'limits[0].cacheSize: Invalid value: -2: must not be negative',
    );
    expect(await limits({ type: 'Server', qps: 1.5, burst: 1 })).to.equal(
      'plugins[0].configuration: json: cannot unmarshal number 1.5 into Go struct field Limit.limits.qps of type int32',
    );
    const error: unknown = await createAdmission({ enable: ['EventRateLimit'], disable: [] }).catch((e: unknown) => e);
    expect(error).to.be.instanceOf(UserError);
    expect((error as Error).message).to.equal(
      '--enable-admission-plugins: EventRateLimit needs limits from --admission-control-config-file',
    );
  });
});
