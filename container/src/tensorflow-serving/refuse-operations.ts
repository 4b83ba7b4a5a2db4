/**
 * A SavedModel is a program. Operations that read or write files, run Python or open connections are refused unless the
 * owner of the server allows them by name; a model that only computes has none of them.
 */
import { quoteForMessage, TwinvecError } from '#core/errors.ts';
import type { SavedModelSummary, SavedNode } from '../savedmodel/read-saved-model.ts';

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

const DOING_OF = new Map(
  Object.entries(DOINGS).flatMap(([doing, operations]) => operations.map((operation) => [operation, doing] as const)),
);

/**
 * Looks at every node, those of the function library included. A saver's own nodes are left alone: every SavedModel has
 * them, and only loading runs them.
 *
 * @throws TwinvecError InvalidArtifact naming the operation, its place and the setting that allows it.
 */
export function refuseOperations(model: SavedModelSummary, allowed: readonly string[], title: string): void {
  const check = (nodes: readonly SavedNode[], place: string) => {
    for (const { name, op } of nodes) {
      const doing = DOING_OF.get(op);
      if (doing === undefined || allowed.includes(op)) continue;
      const where = `${op} (node ${quoteForMessage(name)}${place})`;
      const remedy = `If you trust the model, allow it: TWINVEC_ALLOWED_OPERATIONS=${op}`;
      throw new TwinvecError('InvalidArtifact', `${title} has an operation that ${doing}: ${where}. ${remedy}`);
    }
  };
  check(model.nodes, '');
  for (const { name, nodes } of model.functions) check(nodes, ` of function ${quoteForMessage(name)}`);
}
