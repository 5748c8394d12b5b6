import { expect } from 'chai';
import { isTimeZone, parseSchedule, ScheduleError } from '../../../src/api/shared/cron.js';

function fieldsOf(text: string) {
  const schedule = parseSchedule(text);
  if (!('fields' in schedule)) throw new Error(`${text} has no fields`);
  return schedule.fields;
}
const minutes = (field: string) => [...fieldsOf(`${field} * * * *`).minute.values].sort((a, b) => a - b);

describe('schedules', () => {
  it('have five fields of values, ranges, lists and steps', () => {
    expect(minutes('5')).to.deep.equal([5]);
    expect(minutes('1-3,30')).to.deep.equal([1, 2, 3, 30]);
    expect(minutes('*/20')).to.deep.equal([0, 20, 40]);
    expect(minutes('10-30/10')).to.deep.equal([10, 20, 30]);
    expect(minutes('50/5'), 'from a value to the end').to.deep.equal([50, 55]);
    expect(minutes('*')).to.have.length(60);
  });
  it('know the names of months and days', () => {
    const { month, dayOfWeek } = fieldsOf('0 0 * JAN,dec Mon-fri');
    expect([...month.values]).to.deep.equal([1, 12]);
    expect([...dayOfWeek.values]).to.deep.equal([1, 2, 3, 4, 5]);
  });
  it('tell a field that leaves all open, which a step closes', () => {
    expect(fieldsOf('* * ? * *').dayOfMonth.star).to.equal(true);
    expect(fieldsOf('* * */2 * *').dayOfMonth.star).to.equal(false);
    expect(fieldsOf('* * 1-31 * *').dayOfMonth.star).to.equal(false);
  });
  it('have names', () => {
    expect(parseSchedule('@weekly')).to.deep.equal(parseSchedule('0 0 * * 0'));
    expect(parseSchedule('@hourly')).to.deep.equal(parseSchedule('0 * * * *'));
  });
  for (const [text, everyMs] of [
    ['@every 90m', 5_400_000],
    ['@every 1h2m3.9s', 3_723_000],
    ['@every 10ms', 1000],
    ['@every -5m', 1000],
    ['@every 0', 1000],
  ] as const)
    it(`repeat: ${text}`, () => expect(parseSchedule(text)).to.deep.equal({ everyMs }));
  it('may name a time zone', () => {
    expect(parseSchedule('TZ=Europe/Berlin 0 0 * * *')).to.have.property('zone', 'Europe/Berlin');
    expect(parseSchedule('CRON_TZ=UTC @daily')).to.have.property('zone', 'UTC');
    expect(parseSchedule('0 0 * * *')).to.have.property('zone', undefined);
  });

  const wrong: Record<string, string> = {
    '': 'empty spec string',
    '* * * *': 'expected exactly 5 fields, found 4: [* * * *]',
    '60 * * * *': 'end of range (60) above maximum (59): 60',
    '* * 0 * *': 'beginning of range (0) below minimum (1): 0',
    '30-10 * * * *': 'beginning of range (30) beyond end of range (10): 30-10',
    '1-2-3 * * * *': 'too many hyphens: 1-2-3',
    '1/2/3 * * * *': 'too many slashes: 1/2/3',
    '*/0 * * * *': 'step of range should be a positive number: */0',
    'x * * * *': 'failed to parse int from x: strconv.Atoi: parsing "x": invalid syntax',
    '@sometimes': 'unrecognized descriptor: @sometimes',
    '@every x': 'failed to parse duration @every x: time: invalid duration "x"',
    '@every 5': 'failed to parse duration @every 5: time: missing unit in duration "5"',
    '@every 5y': 'failed to parse duration @every 5y: time: unknown unit "y" in duration "5y"',
    'TZ=Mars/Base 0 0 * * *': 'provided bad location Mars/Base: unknown time zone Mars/Base',
    'TZ=UTC': 'invalid schedule format: runtime error: slice bounds out of range [3:-1]',
  };
  for (const [text, message] of Object.entries(wrong))
    it(`refuses ${JSON.stringify(text)}`, () =>
      expect(() => parseSchedule(text))
        .to.throw(ScheduleError)
        .with.property('message', message));
});

describe('time zones', () => {
  it('are those of the IANA database', () => {
    expect(isTimeZone('America/New_York')).to.equal(true);
    expect(isTimeZone('UTC')).to.equal(true);
    expect(isTimeZone('Mars/Base')).to.equal(false);
    expect(isTimeZone('+02:00'), 'an offset is no zone').to.equal(false);
  });
});
