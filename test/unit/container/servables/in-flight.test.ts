import { describe, expect, it } from 'vitest';
import { InFlight } from '../../../../container/src/servables/in-flight.ts';

describe('what is in flight', () => {
  it('is waited for to its last user, those who came later included', async () => {
    // Prepare
    const inFlight = new InFlight();
    const first = inFlight.enter();
    let isIdle = false;
    const idle = inFlight.idle().then(() => {
      isIdle = true;
    });

    // Act
    const second = inFlight.enter();
    first();
    await Promise.resolve();
    const afterFirst = isIdle;
    second();
    await idle;

    // Assess
    expect(afterFirst).toBe(false);
    await inFlight.idle();
  });
});
