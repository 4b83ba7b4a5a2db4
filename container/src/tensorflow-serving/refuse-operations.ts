/**
 * A SavedModel is a program. Operations that read or write files, run Python or open connections are refused unless the
 * owner of the server allows them by name; a model that only computes has none of them.
 */
import { quoteForMessage, TwinvecError } from '#core/errors.ts';
import { isCallable } from '../engine/native/signatures.ts';
import type { SavedModelSummary, SavedNode } from '../savedmodel/read-saved-model.ts';
import { ReachedNodes } from './reached-nodes.ts';

/** The end of the sentence "it has an operation that ...". */
const DOINGS: Readonly<Record<string, readonly string[]>> = {
  'reads files': [
    ...['ReadFile', 'MatchingFiles', 'LMDBReader', 'LMDBDataset', 'ExperimentalLMDBDataset', 'LoadDataset'],
    ...['WholeFileReader', 'WholeFileReaderV2', 'TextLineReader', 'TextLineReaderV2', 'TFRecordReader'],
    ...['TFRecordReaderV2', 'FixedLengthRecordReader', 'FixedLengthRecordReaderV2', 'TextLineDataset'],
    ...['TFRecordDataset', 'TFRecordDatasetV2', 'FixedLengthRecordDataset', 'FixedLengthRecordDatasetV2'],
    ...['CSVDataset', 'CSVDatasetV2', 'ExperimentalCSVDataset', 'SqlDataset', 'ExperimentalSqlDataset'],
    ...['LoadAndRemapMatrix', 'GenerateVocabRemapping', 'ListSnapshotChunksDataset', 'SnapshotChunkDataset'],
  ],
  'writes files': [
    ...['WriteFile', 'SaveDataset', 'SaveDatasetV2', 'SnapshotDataset', 'SnapshotDatasetV2', 'CacheDataset'],
    ...['CacheDatasetV2', 'DatasetToTFRecord', 'ExperimentalDatasetToTFRecord', 'PrintV2', 'ImportEvent'],
    ...['CreateSummaryFileWriter', 'CreateSummaryDbWriter', 'SnapshotNestedDatasetReader', 'SnapshotDatasetReader'],
  ],
  'runs Python': ['PyFunc', 'PyFuncStateless', 'EagerPyFunc'],
  'opens connections': [
    ...['DebugIdentity', 'DebugIdentityV2', 'DebugIdentityV3', 'DebugNanCount', 'DebugNumericSummary'],
    ...['DataServiceDataset', 'DataServiceDatasetV2', 'DataServiceDatasetV3', 'DataServiceDatasetV4'],
    ...['RegisterDataset', 'RegisterDatasetV2', 'BigQueryReader', 'GenerateBigQueryReaderPartitions'],
    ...['GcsConfigureBlockCache', 'GcsConfigureCredentials', 'FileSystemSetConfiguration', 'ConfigureDistributedTPU'],
    ...['RpcClient', 'RpcCall', 'RpcServer', 'RpcServerStart', 'RpcServerRegister'],
  ],
};

/**
 * What loading needs, so that every SavedModel has some of them. A caller who could run them would choose the file.
 */
const DOINGS_OF_LOADING: Readonly<Record<string, readonly string[]>> = {
  'reads files': [
    ...['Restore', 'RestoreSlice', 'RestoreV2', 'InitializeTableFromTextFile', 'InitializeTableFromTextFileV2'],
  ],
  'writes files': ['Save', 'SaveSlices', 'SaveV2', 'MergeV2Checkpoints'],
};

const DOING_OF = byOperation(DOINGS);
const DOING_OF_CALLED = byOperation(DOINGS_OF_LOADING);

function byOperation(doings: Readonly<Record<string, readonly string[]>>): ReadonlyMap<string, string> {
  return new Map(
    Object.entries(doings).flatMap(([doing, operations]) => operations.map((operation) => [operation, doing] as const)),
  );
}

/**
 * Looks at every node, those of the function library included. The nodes by which a model restores itself are left
 * alone where no signature reaches them.
 *
 * @throws TwinvecError InvalidArtifact naming the operation, its place and the setting that allows it.
 */
export function refuseOperations(model: SavedModelSummary, allowed: readonly string[], title: string): void {
  const check = (nodes: Iterable<SavedNode>, place: string, doings = DOING_OF) => {
    for (const { name, op } of nodes) {
      const doing = doings.get(op);
      if (doing === undefined || allowed.includes(op)) continue;
      const where = `${op} (node ${quoteForMessage(name)}${place})`;
      const remedy = `If you trust the model, allow it: TWINVEC_ALLOWED_OPERATIONS=${op}`;
      throw new TwinvecError('InvalidArtifact', `${title} has an operation that ${doing}: ${where}. ${remedy}`);
    }
  };
  check(model.nodes, '');
  for (const { name, nodes } of model.functions) check(nodes, ` of function ${quoteForMessage(name)}`);
  const reached = new ReachedNodes(model);
  for (const [name, signature] of model.signatures) {
    if (isCallable(name))
      check(reached.of(signature), `, called by signature ${quoteForMessage(name)}`, DOING_OF_CALLED);
  }
}
