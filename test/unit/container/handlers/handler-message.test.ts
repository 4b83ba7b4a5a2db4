import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readHandlerMessage } from '../../../../container/src/handlers/handler-message.ts';
import type { FromHandler } from '../../../../container/src/handlers/protocol.ts';

const BODY = new TextEncoder().encode('{}');
const OURS: readonly FromHandler[] = [
  { type: 'ready', steps: ['inputHandler', 'outputHandler'] },
  { type: 'broken', message: 'no' },
  { type: 'predict', call: 3, body: BODY },
  { type: 'done', body: BODY, contentType: undefined },
  { type: 'done', body: BODY, contentType: 'text/csv' },
  { type: 'failed', message: 'no', statusCode: 415, stack: 'at' },
];

describe('a message of a handler process', () => {
  it.each(OURS)('of ours is read: $type', (message) => {
    expect(readHandlerMessage(message)).toEqual(message);
  });

  it.each([
    null,
    'ready',
    7,
    {},
    { type: 'online' },
    { type: 'done', body: 'text' },
    { type: 'ready', steps: ['main'] },
  ])('that a script may send is passed over: %j', (message) => {
    expect(readHandlerMessage(message)).toBeUndefined();
  });

  it('of any kind does no harm', () => {
    fc.assert(
      fc.property(fc.anything(), (message) => {
        readHandlerMessage(message);
      }),
      { seed: 20_261_121 },
    );
  });
});
