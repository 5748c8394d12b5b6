// The judges themselves: each must find the fault it is there for.
import { expect } from 'chai';
import { type Fact, GUARANTEES, type Testimony, type Told } from './guarantees.js';

const facts: Fact[] = [
  { revision: 1, key: '/a/1', text: 'red', previous: undefined },
  { revision: 2, key: '/b/1', text: 'red', previous: undefined },
  { revision: 3, key: '/a/1', text: 'blue', previous: 'red' },
  { revision: 4, key: '/a/2', text: 'red 2', previous: undefined },
  { revision: 5, key: '/a/2', text: undefined, previous: 'red 2' },
];
const begun: Told = { what: 'begun', after: 0, initial: false };
const change = (revision: number, type: 'ADDED' | 'MODIFIED' | 'DELETED', key: string, text: string): Told => ({
  what: 'change',
  revision,
  type,
  key,
  text,
  call: revision,
});
const truth: Told[] = [
  begun,
  change(1, 'ADDED', '/a/1', 'red'),
  change(3, 'DELETED', '/a/1', 'red'),
  change(4, 'ADDED', '/a/2', 'red 2'),
  change(5, 'DELETED', '/a/2', 'red 2'),
];
const initial = (key: string, text: string, revision: number): Told => ({ what: 'initial', key, text, revision });
const state: Told[] = [
  { what: 'begun', after: 4, initial: true },
  initial('/a/2', 'red 2', 4),
  { what: 'initialized', revision: 4 },
  truth[4] as Told,
];
const testimony = (told: Told[]): Testimony => ({ prefix: '/a/', matches: (text) => text.startsWith('red'), told, complete: 5 });
const without = (index: number) => truth.filter((_, i) => i !== index);

const faults: Record<string, Told[][]> = {
  filtered: [
    [...truth, change(2, 'ADDED', '/b/1', 'red')],
    [begun, change(3, 'MODIFIED', '/a/1', 'blue')],
    [begun, change(1, 'MODIFIED', '/a/1', 'red')],
    [initial('/b/1', 'red', 2)],
  ],
  ordered: [[begun, truth[2] as Told, truth[1] as Told]],
  unique: [
    [begun, truth[1] as Told, truth[1] as Told],
    [...truth, { what: 'begun', after: 3, initial: false }, truth[4] as Told],
  ],
  atomic: [
    state.filter((t) => t.what !== 'initial'),
    [...state.slice(0, 2), initial('/a/1', 'red', 1), ...state.slice(2)],
    [...state.slice(0, 1), truth[4] as Told, ...state.slice(1)],
  ],
  bookmarkable: [
    [begun, { what: 'bookmark', revision: 4 }, truth[3] as Told],
    [begun, { what: 'bookmark', revision: 4 }, { what: 'bookmark', revision: 3 }],
  ],
  resumable: [[{ what: 'begun', after: 1, initial: false }, truth[3] as Told]],
  reliable: [without(1), without(2), without(4), [begun, truth[1] as Told, { what: 'bookmark', revision: 5 }]],
  rightValue: [
    [begun, change(1, 'ADDED', '/a/1', 'rot')],
    [begun, change(3, 'DELETED', '/a/1', 'blue')],
  ],
};

describe('the judges of the simulation', () => {
  for (const [name, guarantee] of Object.entries(GUARANTEES)) {
    it(`accept what is right: ${name}`, () => {
      for (const told of [truth, state]) expect(guarantee(testimony(told), facts)).to.equal(undefined);
    });
    it(`find what is wrong: ${name}`, () => {
      expect(faults[name], `faults for ${name}`).to.have.length.greaterThan(0);
      for (const told of faults[name] as Told[][]) expect(guarantee(testimony(told), facts), JSON.stringify(told)).to.be.a('string');
    });
  }
});
