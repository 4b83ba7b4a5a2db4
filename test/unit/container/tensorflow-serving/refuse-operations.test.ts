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

  it.each([
    ['SaveV2', 'writes files'],
    ['RestoreV2', 'reads files'],
    ['InitializeTableFromTextFileV2', 'reads files'],
  ])(
    'such as %s are refused where a caller of a signature could run them, and not where only loading does',
    (op, doing) => {
      // Prepare
      const saver = { ...node(op), name: 'saver' };
      const y = { ...node('Identity'), name: 'y', inputs: ['x:0', '^saver'] };
      const call = { ...node('StatefulPartitionedCall'), name: 'y', calls: ['__inference_f_1'] };
      const signature = { inputs: new Map(), outputs: new Map([['y', { node: 'y:0', dtype: 'float32', shape: [] }]]) };
      const named = (name: string) =>
        new Map([[name, { ...signature, method: '' }]]) as SavedModelSummary['signatures'];
      const direct = { ...modelOf([]), nodes: [saver, y], signatures: named('give') };
      const hidden = { ...modelOf([], [op]), nodes: [call], signatures: named('give') };
      const loading = { ...direct, signatures: named('__saved_model_init_op') };
      const sameName = { ...modelOf([]), nodes: [saver, call], signatures: named('give') };
      const withOwnNames = {
        ...sameName,
        functions: [{ name: '__inference_f_1', nodes: [{ ...node('Identity'), inputs: ['^saver'] }] }],
      };

      // Assess
      expect(() => refuseOperations(direct, [], 'Model m')).toThrow(
        `Model m has an operation that ${doing}: ${op} (node "saver", called by signature "give"). ` +
          `If you trust the model, allow it: TWINVEC_ALLOWED_OPERATIONS=${op}`,
      );
      expect(() => refuseOperations(hidden, [], 'Model m')).toThrow('called by signature "give"');
      expect(() => refuseOperations(direct, [op], 'Model m')).not.toThrow();
      expect(() => refuseOperations(loading, [], 'Model m')).not.toThrow();
      expect(() => refuseOperations(withOwnNames, [], 'Model m')).not.toThrow();
    },
  );
});
