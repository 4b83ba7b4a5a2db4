/**
 * Lookups and pooling. SparseSegmentMean is TensorFlow's fused gather-and-average, on CPU and GPU.
 */
import { attr } from '../../../savedmodel/attributes.ts';
import type { LowerOperation } from '../lowering.ts';
import { firstSize } from './token-ids.ts';

/**
 * A sparse gather goes through the parameter's resource, beside which updates can scatter. From then on TensorFlow
 * copies the whole variable for every dense read in that session (core/framework/resource_var.h, copy_on_read_mode), so
 * serving graphs gather from a dense read, which copies nothing. EnsureShape, which costs nothing, keeps TensorFlow from
 * making such a dense read of its own: its optimiser lets a pooling behind Unique and a gather read the whole variable
 * (grappler's SimplifyEmbeddingLookupStage), and so a step would copy the table however large it is.
 */
export const gather_rows: LowerOperation = (lower, [table = '', ids = ''], node) => {
  const variable = node.attributes.sparse === true ? lower.variable(node.inputs[0]) : undefined;
  if (variable) {
    const rows = lower.untyped('ResourceGather', [variable.handle, ids], {
      dtype: attr.type('float32'),
      Tindices: attr.type('int32'),
    });
    return lower.node('EnsureShape', [rows], { shape: attr.shape([-1, ...variable.shape.slice(1)]) });
  }
  return lower.untyped('GatherV2', [table, ids, lower.int(0)], {
    Tparams: attr.type('float32'),
    Tindices: attr.type('int32'),
    Taxis: attr.type('int32'),
  });
};

export const gather_rows_gradient: LowerOperation = (lower, [upstream = '', ids = '', table = '']) =>
  lower.untyped('UnsortedSegmentSum', [upstream, ids, firstSize(lower, lower.node('Shape', [table]))], {
    T: attr.type('float32'),
    Tindices: attr.type('int32'),
    Tnumsegments: attr.type('int32'),
  });

export const segment_mean: LowerOperation = (lower, inputs) => lower.node('SparseSegmentMeanWithNumSegments', inputs);

export const segment_mean_gradient: LowerOperation = (
  lower,
  [upstream = '', positions = '', segments = '', data = ''],
) =>
  lower.node('SparseSegmentMeanGrad', [upstream, positions, segments, firstSize(lower, lower.node('Shape', [data]))]);
