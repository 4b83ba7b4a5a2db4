import { describe, expect, it } from 'vitest';
import type { SavedModelSummary, SavedNode } from '../../../../container/src/savedmodel/read-saved-model.ts';
import { refuseOperations } from '../../../../container/src/tensorflow-serving/refuse-operations.ts';

const node = (op: string): SavedNode => ({ name: `a_${op}`, op, inputs: [], device: '', calls: [] });

function modelOf(nodes: readonly string[], functionNodes: readonly string[] = []): SavedModelSummary {
  return {
    tags: ['serve'],
    metaGraph: 0,
    tensorflowVersion: '2.21.0',
    signatures: new Map(),
    nodes: nodes.map(node),
    functions: [{ name: '__inference_f_1', nodes: functionNodes.map(node) }],
    hasAssets: false,
  };
}

describe('J7 operations of a graph', () => {
  it('that compute, restore variables or read a vocabulary are taken', () => {
    const ops = ['Placeholder', 'MatMul', 'DecodeJpeg', 'SaveV2', 'RestoreV2', 'InitializeTableFromTextFileV2'];
    expect(() => refuseOperations(modelOf(ops, ops), [], 'Model m')).not.toThrow();
  });

  it.each([
    ['ReadFile', 'reads files'],
    ['WriteFile', 'writes files'],
    ['PyFunc', 'runs Python'],
    ['DataServiceDatasetV4', 'opens connections'],
  ])('such as %s are refused, also within functions, and may be allowed by name', (op, doing) => {
    // Prepare
    const [plain, hidden] = [modelOf(['MatMul', op]), modelOf(['MatMul'], [op])];

    // Assess
    expect(() => refuseOperations(plain, [], 'Model m')).toThrow(
      expect.objectContaining({
        code: 'InvalidArtifact',
        message:
          `Model m has an operation that ${doing}: ${op} (node "a_${op}"). ` +
          `If you trust the model, allow it: TWINVEC_ALLOWED_OPERATIONS=${op}`,
      }),
    );
    expect(() => refuseOperations(hidden, ['MatMul'], 'Model m')).toThrow('of function "__inference_f_1"');
    expect(() => refuseOperations(hidden, ['EagerPyFunc', op], 'Model m')).not.toThrow();
  });
});
