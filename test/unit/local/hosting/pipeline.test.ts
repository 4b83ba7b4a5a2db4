/** What each container of a serial pipeline is sent. */
import { describe, expect, it } from 'vitest';
import { type PipelineRequest, toLastContainer } from '../../../../local/hosting/pipeline.ts';

const REQUEST: PipelineRequest = {
  headers: { 'content-type': 'text/csv', accept: 'application/json', 'content-length': '1', 'x-attribute': 'a' },
  body: Buffer.from('0'),
};

describe('a request', () => {
  it('goes to the only container as it is', async () => {
    expect(await toLastContainer(['a'], REQUEST, () => Promise.reject(new Error('nobody is asked')))).toBe(REQUEST);
  });

  it('goes through all others in their order: each gets the answer before it, only the last hears what is accepted', async () => {
    // Prepare
    const asked: object[] = [];
    const answers = [{ 'content-type': 'text/x' }, {}];

    // Act
    const last = await toLastContainer(['a', 'b', 'c'], REQUEST, async (container, { headers, body }, next) => {
      asked.push({ container, headers, body: `${body}`, next });
      return { headers: answers[asked.length - 1]!, body: Buffer.from(`${body}${asked.length}`) };
    });

    // Assess
    expect(asked).toEqual([
      {
        container: 'a',
        headers: { 'content-type': 'text/csv', 'content-length': '1', 'x-attribute': 'a' },
        body: '0',
        next: 'b',
      },
      { container: 'b', headers: { 'content-type': 'text/x', 'x-attribute': 'a' }, body: '01', next: 'c' },
    ]);
    expect(last).toEqual({
      headers: { accept: 'application/json', 'x-attribute': 'a' },
      body: Buffer.from('012'),
    });
  });

  it('ends where a container fails', async () => {
    const asked: string[] = [];

    const failing = toLastContainer(['a', 'b', 'c'], REQUEST, async (container) => {
      asked.push(container);
      throw new Error(`${container} failed`);
    });

    await expect(failing).rejects.toThrow('a failed');
    expect(asked).toEqual(['a']);
  });
});
