import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { recordsOfLines, StreamedRecords } from '#core/batch/response-records.ts';
import { cutAt } from './byte-streams.ts';

describe('records of an answer that comes in parts', () => {
  it('are those of the whole answer, however it is cut', () => {
    const line = fc.constantFrom(
      '',
      '\r',
      '1',
      '{"error":{"code":"X"}}',
      '{"error":',
      '{"errors":1}',
      `{"error":"${'é'.repeat(400)}"}`,
    );
    fc.assert(
      fc.property(fc.array(line), fc.array(fc.nat(3000)), fc.boolean(), (lines, cuts, ended) => {
        // Prepare
        const body = Buffer.from(lines.join('\n') + (ended ? '\n' : ''));
        const streamed = new StreamedRecords(1000);

        // Act
        for (const part of cutAt(body, cuts)) streamed.push(part);
        const { count, placeholders, placeholderCount, endsWithNewline } = streamed.end();

        // Assess
        expect({ count, placeholders }).toEqual(recordsOfLines(body));
        expect(placeholderCount).toBe(placeholders.length);
        expect(endsWithNewline).toBe(body.at(-1) === 0x0a);
      }),
    );
  });
});
