/** Which requests of an asynchronous endpoint wait, and which have waited too long. */
import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { QueuedRequest } from '../../../../local/runtime/async/async-requests.ts';
import { WaitingRequests } from '../../../../local/runtime/async/waiting-requests.ts';

function requestOf(id: number, receivedMs: number, ttlSeconds: number): QueuedRequest {
  return {
    endpointName: 'e',
    region: 'us-east-1',
    inferenceId: `${id}`,
    receivedAt: new Date(receivedMs),
    ttlSeconds,
    timeoutSeconds: 60,
    output: { bucket: 'bucket', key: `${id}` },
    file: `${id}.json`,
  };
}

it('gives each request once, in order or as expired when its time has ended, and knows when to look again', () => {
  const ttl = fc.integer({ min: 1, max: 20 });
  const step = fc.oneof(
    fc.record({ push: ttl }),
    fc.record({ shift: fc.constant(true) }),
    fc.record({ passSeconds: fc.integer({ min: 0, max: 10 }) }),
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const line = new WaitingRequests();
      let model: { readonly id: string; readonly endMs: number }[] = [];
      let nowMs = 0;
      for (const [id, one] of steps.entries()) {
        if ('push' in one) {
          line.push(requestOf(id, nowMs, one.push));
          model.push({ id: `${id}`, endMs: nowMs + 1000 * one.push });
        } else if ('shift' in one) {
          expect(line.shift()?.inferenceId).toBe(model.shift()?.id);
        } else {
          nowMs += 1000 * one.passSeconds;
          const expired = line.takeExpired(nowMs).map(({ inferenceId }) => inferenceId);
          expect(expired).toEqual(model.filter(({ endMs }) => endMs <= nowMs).map((request) => request.id));
          model = model.filter(({ endMs }) => endMs > nowMs);
        }
        expect(line.first?.inferenceId).toBe(model[0]?.id);
        expect(line.dueMs).toBeLessThanOrEqual(Math.min(...model.map(({ endMs }) => endMs)));
      }
    }),
  );
});
