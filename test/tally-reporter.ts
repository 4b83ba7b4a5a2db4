/**
 * Ends every run with why tests were skipped, where their titles say it, and one plain line, `N passed, N failed, N
 * skipped`, that scripts can read in any terminal.
 */
import type { Reporter, TestModule } from 'vitest/node';

const REASON = /\(skipped: .*\)/;

export default class TallyReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[]): void {
    const tally = { passed: 0, failed: 0, skipped: 0, pending: 0 };
    const skipped = new Map<string, number>();
    for (const module of modules) {
      for (const test of module.children.allTests()) {
        const { state } = test.result();
        tally[state] += 1;
        const reason = state === 'skipped' ? REASON.exec(test.fullName)?.[0] : undefined;
        if (reason) skipped.set(reason, (skipped.get(reason) ?? 0) + 1);
      }
      tally.failed += module.errors().length;
    }
    for (const [reason, tests] of skipped) process.stdout.write(`${tests} tests not run ${reason}\n`);
    process.stdout.write(`${tally.passed} passed, ${tally.failed} failed, ${tally.skipped + tally.pending} skipped\n`);
  }
}
