import { expect } from 'chai';
import { defaultPod, defaultPodTemplate, roundQuantities } from '../../../../src/api/shared/pod/defaults.js';
import { parseImageName } from '../../../../src/api/shared/pod/image-name.js';
import type { PodTemplateSpec } from '../../../../src/api/types/core-v1.gen.js';
import { container, makePod } from '../../../helpers/pods.js';

describe('defaults of pods', () => {
  it('fill in what a plain pod leaves out', () => {
    const { spec } = makePod();
    expect(spec).to.deep.equal({
      containers: [
        {
          name: 'c',
          image: 'registry.example.com/app:1.0',
          imagePullPolicy: 'IfNotPresent',
          terminationMessagePath: '/dev/termination-log',
          terminationMessagePolicy: 'File',
        },
      ],
      dnsPolicy: 'ClusterFirst',
      enableServiceLinks: true,
      restartPolicy: 'Always',
      schedulerName: 'default-scheduler',
      securityContext: {},
      terminationGracePeriodSeconds: 30,
    });
  });

  it('change nothing the second time', () => {
    const pod = makePod({
      spec: {
        volumes: [{ name: 'v' }],
        containers: [container({ resources: { limits: { cpu: '1' } }, livenessProbe: { httpGet: { port: 80 } } })],
      },
    });
    const once = structuredClone(pod);
    defaultPod(pod);
    expect(pod).to.deep.equal(once);
  });

  it('ask for as much as the limit where no request is made, in pods but not in templates', () => {
    const limited = () => container({ resources: { limits: { cpu: '1', memory: '1Gi' }, requests: { cpu: '500m' } } });
    expect(makePod({ spec: { containers: [limited()] } }).spec.containers[0]?.resources?.requests).to.deep.equal({
      cpu: '500m',
      memory: '1Gi',
    });
    const template: PodTemplateSpec = { spec: { containers: [limited()] } };
    defaultPodTemplate(template);
    expect(template.spec?.containers[0]?.resources?.requests).to.deep.equal({ cpu: '500m' });
    expect(template.spec?.enableServiceLinks).to.equal(undefined);
  });

  it('derive requests of the whole pod from its containers, then from its limits', () => {
    const { resources } = makePod({
      spec: { resources: { limits: { cpu: '2', memory: '2Gi' } }, containers: [container({ resources: { requests: { cpu: '300m' } } })] },
    }).spec;
    expect(resources).to.deep.equal({ limits: { cpu: '2', memory: '2Gi' }, requests: { cpu: '300m', memory: '2Gi' } });
  });

  it('give ports of the host network the same number outside', () => {
    const ports = () => [{ containerPort: 80 }, { containerPort: 81, hostPort: 82 }];
    const [host, own] = [true, false].map(
      (hostNetwork) => makePod({ spec: { hostNetwork, containers: [container({ ports: ports() })] } }).spec.containers[0]?.ports,
    );
    expect(host?.map((p) => p.hostPort)).to.deep.equal([80, 82]);
    expect(own?.map((p) => p.hostPort)).to.deep.equal([undefined, 82]);
  });

  it('complete probes, but for what an exec probe does not have', () => {
    const { livenessProbe, readinessProbe } =
      makePod({
        spec: {
          containers: [container({ livenessProbe: { httpGet: { port: 80 } }, readinessProbe: { grpc: { port: 1 }, periodSeconds: 3 } })],
        },
      }).spec.containers[0] ?? {};
    expect(livenessProbe).to.deep.equal({
      httpGet: { port: 80, path: '/', scheme: 'HTTP' },
      timeoutSeconds: 1,
      periodSeconds: 10,
      successThreshold: 1,
      failureThreshold: 3,
    });
    expect(readinessProbe).to.deep.equal({
      grpc: { port: 1, service: '' },
      timeoutSeconds: 1,
      periodSeconds: 3,
      successThreshold: 1,
      failureThreshold: 3,
    });
  });

  it('make a volume without a source an empty directory', () => {
    const { volumes } = makePod({
      spec: {
        volumes: [
          { name: 'a' },
          { name: 'b', secret: { secretName: 's' } },
          { name: 'c', hostPath: { path: '/' } },
          { name: 'd', projected: { sources: [{ serviceAccountToken: { path: 't' } }] } },
        ],
      },
    }).spec;
    expect(volumes).to.deep.equal([
      { name: 'a', emptyDir: {} },
      { name: 'b', secret: { secretName: 's', defaultMode: 420 } },
      { name: 'c', hostPath: { path: '/', type: '' } },
      { name: 'd', projected: { defaultMode: 420, sources: [{ serviceAccountToken: { path: 't', expirationSeconds: 3600 } }] } },
    ]);
  });

  it('keep both names of the service account and both forms of the address', () => {
    const pod = makePod({ spec: { serviceAccount: 'sa' }, status: { podIP: '10.0.0.1', podIPs: [{ ip: '10.0.0.2' }] } });
    expect(pod.spec.serviceAccountName).to.equal('sa');
    expect(pod.status.podIPs).to.deep.equal([{ ip: '10.0.0.1' }]);
    expect(makePod({ status: { podIPs: [{ ip: '10.0.0.3' }] } }).status.podIP).to.equal('10.0.0.3');
  });

  it('take away annotations of a time before init containers', () => {
    const pod = makePod({ metadata: { annotations: { 'pod.beta.kubernetes.io/init-containers': '[]', a: 'b' } } });
    expect(pod.metadata.annotations).to.deep.equal({ a: 'b' });
  });

  it('treat a negative grace period as one second', () => {
    expect(makePod({ spec: { terminationGracePeriodSeconds: -5 } }).spec.terminationGracePeriodSeconds).to.equal(1);
    expect(makePod({ spec: { terminationGracePeriodSeconds: 0 } }).spec.terminationGracePeriodSeconds).to.equal(0);
  });

  it('round amounts up to thousandths', () => {
    const list = { cpu: '1500u', memory: '1Gi', tiny: '1n' };
    roundQuantities(list);
    expect(list).to.deep.equal({ cpu: '2m', memory: '1Gi', tiny: '1m' });
  });
});

describe('names of images', () => {
  const digest = `sha256:${'a'.repeat(64)}`;
  const tags: [string, string | undefined][] = [
    ['nginx', 'latest'],
    ['nginx:1.2', '1.2'],
    ['nginx:latest', 'latest'],
    ['localhost/app', 'latest'],
    ['registry.example.com:5000/a/b', 'latest'],
    ['registry.example.com:5000/a/b:v1', 'v1'],
    [`nginx@${digest}`, ''],
    [`nginx:1@${digest}`, '1'],
    ['Nginx', undefined],
    ['a b', undefined],
    ['', undefined],
    ['nginx:', undefined],
    ['a'.repeat(64), undefined],
  ];
  for (const [image, tag] of tags)
    it(`have a tag: ${image.slice(0, 40) || '(none)'} → ${tag ?? 'no name'}`, () => expect(parseImageName(image)?.tag).to.equal(tag));
  it('are completed', () => {
    expect(parseImageName('nginx')?.repository).to.equal('docker.io/library/nginx');
    expect(parseImageName('me/app')?.repository).to.equal('docker.io/me/app');
    expect(parseImageName('localhost/app')?.repository).to.equal('localhost/app');
  });
});
