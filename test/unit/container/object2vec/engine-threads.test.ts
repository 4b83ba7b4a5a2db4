/** The threads that TensorFlow gets for a network. */
import { describe, expect, it } from 'vitest';
import { engineThreads } from '../../../../container/src/object2vec/engine-threads.ts';

describe('threads within one operation', () => {
  it.each([
    ['is one for a bilstm on two cores', ['bilstm', 'pooled_embedding'], 2, 1],
    ['is one for a bilstm on either side', ['hcnn', 'bilstm'], 2, 1],
    ['is one where there is only one core', ['bilstm', 'enc0'], 1, 1],
    ["is TensorFlow's choice where more cores would idle", ['bilstm', 'bilstm'], 4, undefined],
    ["is TensorFlow's choice for other networks", ['hcnn', 'pooled_embedding'], 2, undefined],
  ])('%s', (_, networks, cores, expected) => {
    expect(engineThreads(networks, cores)).toEqual({ interOpThreads: undefined, intraOpThreads: expected });
  });
});
