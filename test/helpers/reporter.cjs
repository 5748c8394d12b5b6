// mocha's spec reporter, which also leaves its counts where scripts/test.mjs finds them.
const { writeFileSync } = require('node:fs');
const { reporters, Runner } = require('mocha');

module.exports = class extends reporters.Spec {
  constructor(runner, options) {
    super(runner, options);
    runner.once(Runner.constants.EVENT_RUN_END, () => {
      const { passes, failures, pending } = this.stats;
      if (process.env.KUBEMU_TEST_COUNTS) writeFileSync(process.env.KUBEMU_TEST_COUNTS, JSON.stringify({ passes, failures, pending }));
    });
  }
};
