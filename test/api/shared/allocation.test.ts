import { expect } from 'chai';
import { pickFree, reservedPart } from '../../../src/api/shared/allocation.js';

describe('the allocation of numbers', () => {
  const range = { first: 1n, last: 10n, reserved: 4n };

  it('takes from behind the reserved part first, at random', () => {
    expect(
      pickFree(
        range,
        () => false,
        () => 0,
      ),
    ).to.equal(5n);
    expect(
      pickFree(
        range,
        () => false,
        () => 0.99,
      ),
    ).to.equal(10n);
  });
  it('goes on from the end at the start of the part', () => {
    expect(
      pickFree(
        range,
        (v) => v === 10n,
        () => 0.99,
      ),
    ).to.equal(5n);
  });
  it('takes from the reserved part when nothing else is free', () => {
    const value = pickFree(
      range,
      (v) => v > 4n,
      () => 0,
    );
    expect(value).to.equal(1n);
  });
  it('ends when all is taken', () => {
    expect(
      pickFree(
        range,
        () => true,
        () => 0.5,
      ),
    ).to.equal(undefined);
  });
  it('reserves a part of a size within bounds', () => {
    const bands = { min: 16n, max: 256n, step: 16n };
    expect(reservedPart(14n, bands), 'too small to be divided').to.equal(0n);
    expect(reservedPart(254n, bands)).to.equal(16n);
    expect(reservedPart(1022n, bands)).to.equal(63n);
    expect(reservedPart(65534n, bands)).to.equal(256n);
  });
});
