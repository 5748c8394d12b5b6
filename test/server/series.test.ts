import { expect } from 'chai';
import { MetricSet } from '../../src/server/series.js';

describe('series', () => {
  it('are written as Prometheus reads them', () => {
    const metrics = new MetricSet();
    const total = metrics.counter('total', 'Things, counted.', ['color', 'size']);
    total.of({ color: 'red' }).value++;
    total.of({ size: 'a "large"\none \\' }).value += 2;
    metrics.gauge('empty', 'Nothing yet.', []);
    const seconds = metrics.histogram('seconds', 'How long.', ['verb'], [0.5, 1]).of({ verb: 'get' });
    seconds.observe(0.5);
    seconds.observe(0.75, 2);
    seconds.observe(7);
    metrics.read('gauge', 'limit', 'Read when asked.', () => [
      { labels: { of: 'all' }, value: Number.POSITIVE_INFINITY },
      { labels: { of: 'nothing' }, value: Number.NaN },
    ]);
    expect(metrics.text()).to.equal(`# HELP total Things, counted.
# TYPE total counter
total{color="red",size=""} 1
total{color="",size="a \\"large\\"\\none \\\\"} 2
# HELP empty Nothing yet.
# TYPE empty gauge
# HELP seconds How long.
# TYPE seconds histogram
seconds_bucket{le="0.5",verb="get"} 1
seconds_bucket{le="1",verb="get"} 3
seconds_bucket{le="+Inf",verb="get"} 4
seconds_sum{verb="get"} 9
seconds_count{verb="get"} 4
# HELP limit Read when asked.
# TYPE limit gauge
limit{of="all"} +Inf
limit{of="nothing"} NaN
`);
  });

  it('of the same labels are one', () => {
    const total = new MetricSet().counter('total', 'Things.', ['color']);
    expect(total.of({ color: 'red' })).to.equal(total.of({ color: 'red' }));
    expect(total.of({ color: 'red' })).to.not.equal(total.of({ color: 'blue' }));
  });
});
