import { expect } from 'chai';
import { type Api, deployment, POD, refused } from './session.js';

const POLICIES = 'networkpolicies.networking.k8s.io';
const SLICES = 'endpointslices.discovery.k8s.io';
const REQUESTS = '/apis/certificates.k8s.io/v1/certificatesigningrequests';
/** What it says does not matter. */
const SIGNING_REQUEST =
  'LS0tLS1CRUdJTiBDRVJUSUZJQ0FURSBSRVFVRVNULS0tLS0KTUlJQnlqQ0NBVE1DQVFBd2dZa3hDekFKQmdOVkJBWVRBbFZUTVJNd0VRWURWUVFJRXdwRFlXeHBabTl5Ym1saApNUll3RkFZRFZRUUhFdzFOYjNWdWRHRnBiaUJXYVdWM01STXdFUVlEVlFRS0V3cEhiMjluYkdVZ1NXNWpNUjh3CkhRWURWUVFMRXhaSmJtWnZjbTFoZEdsdmJpQlVaV05vYm05c2IyZDVNUmN3RlFZRFZRUURFdzUzZDNjdVoyOXYKWjJ4bExtTnZiVENCbnpBTkJna3Foa2lHOXcwQkFRRUZBQU9CalFBd2dZa0NnWUVBcFp0WUpDSEo0VnBWWEhmVgpJbHN0UVRsTzRxQzAzaGpYK1prUHl2ZFlkMVE0K3FiQWVUd1htQ1VLWUhUaFZSZDVhWFNxbFB6eUlCd2llTVpyCldGbFJRZGRaMUl6WEFsVlJEV3dBbzYwS2VjcWVBWG5uVUsrNWZYb1RJL1VnV3NocmU4dEoreC9UTUhhUUtSL0oKY0lXUGhxYVFoc0p1elpidkFkR0E4MEJMeGRNQ0F3RUFBYUFBTUEwR0NTcUdTSWIzRFFFQkJRVUFBNEdCQUlobAo0UHZGcStlN2lwQVJnSTVaTStHWng2bXBDejQ0RFRvMEprd2ZSRGYrQnRyc2FDMHE2OGVUZjJYaFlPc3E0ZmtIClEwdUEwYVZvZzNmNWlKeENhM0hwNWd4YkpRNnpWNmtKMFRFc3VhYU9oRWtvOXNkcENvUE9uUkJtMmkvWFJEMkQKNmlOaDhmOHowU2hHc0ZxakRnRkh5RjNvK2xVeWorVUM2SDFRVzdibgotLS0tLUVORCBDRVJUSUZJQ0FURSBSRVFVRVNULS0tLS0=';

/** What is told about workloads, autoscaling, networking, events, certificates and the like, found by test/differential. */
export function workloadConversations(use: () => Api): void {
  it('counts a list that is given empty as a change of a network policy', async () => {
    const api = use();
    await api.create(POLICIES, { metadata: { name: 'emptied' }, spec: { podSelector: {} } });
    const path = `${api.path(POLICIES, 'emptied')}?dryRun=All`;
    const given = { metadata: { name: 'emptied' }, spec: { podSelector: {}, egress: [] } };
    expect((await api.put(path, given).expect(200)).body.metadata.generation).to.equal(2);
    const merged = await api.patch(path, 'merge-patch', { spec: { podSelector: { matchExpressions: [] } } }).expect(200);
    expect(merged.body.metadata.generation).to.equal(2);
    const same = await api.put(path, { ...given, spec: { podSelector: {} } }).expect(200);
    expect(same.body.metadata.generation).to.equal(1);
  });

  it('shows a list that is given empty as such', async () => {
    const api = use();
    const ingress = (spec: object) => api.post(`${api.path('ingresses.networking.k8s.io')}?dryRun=All`, { metadata: { name: 'x' }, spec });
    refused(await ingress({ rules: [] }), 422, 'Invalid', /spec: Invalid value: \[\]: either/);
    refused(await ingress({}), 422, 'Invalid', /spec: Invalid value: null: either/);
  });

  it('fills in no scaling policies where none at all are given', async () => {
    const api = use();
    const scaler = (scaleUp: object) => ({
      metadata: { name: 'unscaled' },
      spec: { scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'd' }, maxReplicas: 2, behavior: { scaleUp } },
    });
    const path = `/apis/autoscaling/v2/namespaces/${api.namespace}/horizontalpodautoscalers?dryRun=All`;
    refused(await api.post(path, scaler({ policies: [] })), 422, 'Invalid', /spec\.behavior\.scaleUp\.policies: Required value/);
    expect((await api.post(path, scaler({})).expect(201)).body.spec.behavior.scaleUp.policies).to.have.length(2);
  });

  it('keeps what a request in a version that is not stored says of revision and managers', async () => {
    const api = use();
    const spec = { scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'd' }, maxReplicas: 2 };
    const path = api.path('horizontalpodautoscalers.autoscaling');
    const dry = await api.post(`${path}?dryRun=All`, { metadata: { name: 'v1', resourceVersion: '7' }, spec }).expect(201);
    expect(dry.body.metadata.resourceVersion).to.equal('7');
    await api.post(path, { metadata: { name: 'v1' }, spec }).expect(201);
    const forgotten = await api.patch(`${path}/v1?dryRun=All`, 'merge-patch', { metadata: { managedFields: [] } }).expect(200);
    expect(forgotten.body.metadata).to.not.have.property('managedFields');
  });

  it('counts the topology of an endpoint as a change, and drops it', async () => {
    const api = use();
    const slice = (endpoint: object) => ({
      metadata: { name: 'slice' },
      addressType: 'IPv4',
      endpoints: [{ addresses: ['192.0.2.1'], ...endpoint }],
    });
    await api.create(SLICES, slice({}));
    const { body } = await api.put(`${api.path(SLICES, 'slice')}?dryRun=All`, slice({ deprecatedTopology: { x: 'y' } })).expect(200);
    expect(body.metadata.generation).to.equal(2);
    expect(body.endpoints[0]).to.not.have.property('deprecatedTopology');
    const unnamed = { ...slice({}), ports: [{ protocol: '' }] };
    refused(await api.put(api.path(SLICES, 'slice'), unnamed), 422, 'Invalid', /ports\[0\]\.protocol: Unsupported value: ""/);
  });

  it('compares failed indexes of a job with its completions only where they are limited', async () => {
    const api = use();
    const spec = { completionMode: 'Indexed', completions: -1, template: { spec: { ...POD, restartPolicy: 'Never' } } };
    const { body } = await api.post(`${api.path('jobs.batch')}?dryRun=All`, { metadata: { name: 'negative' }, spec });
    expect(body.details.causes.map((c: { field: string }) => c.field)).to.deep.equal(['spec.completions']);
  });

  it('labels a job like its pods, with what tells them from those of other jobs', async () => {
    const api = use();
    const template = { metadata: { labels: { of: 'pods' } }, spec: { ...POD, restartPolicy: 'Never' } };
    const dry = async (labels?: Record<string, string>) =>
      (await api.post(`${api.path('jobs.batch')}?dryRun=All`, { metadata: { name: 'labelled', labels }, spec: { template } })).body;
    const made = await dry();
    expect(made.metadata.labels).to.deep.equal(made.spec.template.metadata.labels).and.include({ of: 'pods', 'job-name': 'labelled' });
    expect((await dry({ of: 'pods' })).metadata.labels, 'of its own').to.deep.equal({ of: 'pods' });
  });

  it('checks the metadata of a status as the kind does: not again of a cron job, as a whole of a signing request', async () => {
    const api = use();
    const template = { spec: { template: { spec: { ...POD, restartPolicy: 'Never' } } } };
    await api.create('cronjobs.batch', { metadata: { name: 'cron' }, spec: { schedule: '* * * * *', jobTemplate: template } });
    const metadata = { deletionGracePeriodSeconds: 7 };
    const cron = await api.patch(api.path('cronjobs.batch', 'cron', 'status'), 'merge-patch', { metadata });
    expect(cron.body.details.causes).to.have.length(1);
    const name = `${api.namespace}-request`;
    const request = { metadata: { name }, spec: { signerName: 'example.com/signer', usages: ['client auth'], request: SIGNING_REQUEST } };
    await api.post(REQUESTS, request).expect(201);
    const bad = await api.patch(`${REQUESTS}/${name}/approval`, 'merge-patch', { metadata: { labels: { a: ' ' } } });
    const told = bad.body.details.causes.filter((c: { field: string }) => c.field === 'metadata.labels');
    expect(told).to.have.length(4);
    const listed = await api.patch(`${REQUESTS}/${name}`, 'strategic-merge-patch', { spec: { request: [{}] } });
    refused(listed, 422, 'Invalid', /unrecognized type: uint8$/);
    await api.delete(`${REQUESTS}/${name}`);
  });

  it('takes no offence at the managers that a scale names', async () => {
    const api = use();
    await api.create('deployments.apps', deployment('managed'));
    const scale = { metadata: { name: 'managed', managedFields: [{ operation: 'x' }] }, spec: { replicas: 3 } };
    const { body } = await api.put(`${api.path('deployments.apps', 'managed', 'scale')}?dryRun=All`, scale).expect(200);
    expect(body.spec.replicas).to.equal(3);
  });

  it('shows the time of an event that cannot go as null', async () => {
    const api = use();
    const events = `/apis/events.k8s.io/v1/namespaces/${api.namespace}/events`;
    const event = {
      metadata: { name: 'timed' },
      regarding: { kind: 'Pod', name: 'p', namespace: api.namespace },
      type: 'Normal',
      reason: 'R',
      action: 'A',
    };
    const reporter = { reportingController: 'a.b/c', reportingInstance: 'i' };
    await api.post(events, { ...event, ...reporter, eventTime: '2020-01-01T00:00:00.000000Z' }).expect(201);
    refused(
      await api.put(`${events}/timed`, { ...event, ...reporter }),
      422,
      'Invalid',
      /eventTime: Invalid value: null: field is immutable/,
    );
  });

  it('warns before it looks at the name', async () => {
    const api = use();
    const job = await api.delete(api.path('jobs.batch', '%2e%2e'));
    refused(job, 400, 'BadRequest', `Name parameter invalid: "..": may not be '..'`);
    expect(job.headers['warning']).to.match(/child pods are preserved/);
    const endpoints = await api.get(api.path('endpoints', '%2e%2e'));
    refused(endpoints, 400, 'BadRequest', /Name parameter invalid/);
    expect(endpoints.headers['warning']).to.match(/deprecated/);
  });

  it('deletes system priority classes with all others', async () => {
    const api = use();
    const classes = '/apis/scheduling.k8s.io/v1/priorityclasses';
    refused(
      await api.delete(`${classes}/system-node-critical?dryRun=All`),
      403,
      'Forbidden',
      /is a system priority class and cannot be deleted/,
    );
    const { body } = await api.delete(`${classes}?dryRun=All`).expect(200);
    expect(body.items.map(({ metadata }: { metadata: { name: string } }) => metadata.name)).to.include('system-node-critical');
  });
}
