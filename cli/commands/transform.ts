/** `twinvec transform`: a batch transform on this machine, through the same server and rules as on SageMaker. */
import { Command, InvalidArgumentError, Option } from 'commander';
import { LIMITS } from '#core/limits.ts';
import { formatCount } from '#core/terminal/format.ts';
import { EXIT_CODES, runTransformCommand, type TransformCommandOptions } from './transform-run.ts';

const EXAMPLES = `
Examples:
  Scores for every pair in a file, one line out for each line in:
    twinvec transform --model model.tar.gz --input pairs.jsonl --output scores

  A folder, many requests at a time, records one by one, on two model servers:
    twinvec transform --model model/ --input in/ --output out/ --strategy SingleRecord --max-concurrent 16 --instances 2

  Whole JSON documents, one request for each file:
    twinvec transform --model model/ --input docs/ --output out/ --split-type None --assemble-with None \\
      --content-type application/json

  Gzip CSV whose first column is an id: send the others, write the id and the prediction:
    twinvec transform --model model/ --input rows.csv.gz --output out/ --compression Gzip --content-type text/csv \\
      --input-filter '$[1:]' --join Input --output-filter '$[0,-1]'

  JSON Lines that keep what they carry, with the answer under SageMakerOutput:
    twinvec transform --model model/ --input pairs.jsonl --output out/ --join Input

  The files that a manifest names, and figures for a script:
    twinvec transform --model model/ --input today.manifest --manifest --output out/ --json

  From S3 to S3, of AWS or of twinvec local (AWS_ENDPOINT_URL), with this machine's model server:
    twinvec transform --model model/ --input s3://bucket/in/ --output s3://bucket/out

  tf.Examples in TFRecord files, one request for each record, rows of different requests in one call of the model:
    twinvec transform --model model.tar.gz --input records/ --output out/ --split-type TFRecord \\
      --strategy SingleRecord --content-type application/x-tfexample --env SAGEMAKER_TFS_ENABLE_BATCHING=true

Every input NAME gives one output NAME.out, with the records in the same order. An input with a failed request gives
no output; the others keep theirs. A line that the model cannot use becomes {"error":...} in its place. docs/batch.md
has all the rules.

Exit codes:
  ${EXIT_CODES.done}  every record was transformed
  ${EXIT_CODES.failed}  an input has no output, or the transform could not run
  ${EXIT_CODES.usage}  the command line is wrong
  ${EXIT_CODES.placeholders}  every input has its output, but some lines in them are {"error":...}
`;

export function transformCommand(): Command {
  const command = new Command('transform').description(
    'Run a model over files: split, batch, send, assemble, as SageMaker batch transform does.',
  );
  addInputOptions(command);
  addRequestOptions(command);
  addRecordOptions(command);
  return command
    .option('--json', 'the summary as one JSON object on standard output', false)
    .addHelpText('after', EXAMPLES)
    .exitOverride((error) => process.exit(error.exitCode === 0 ? EXIT_CODES.done : EXIT_CODES.usage))
    .action(async (options: TransformCommandOptions) => {
      process.exitCode = await runTransformCommand(options, process);
    });
}

function addInputOptions(command: Command): void {
  command
    .requiredOption('--model <path>', 'model folder, or model.tar.gz')
    .requiredOption('--input <path>', 'file, folder with its sub-folders, or s3:// prefix')
    .option('--manifest', 'the input is a manifest: [{"prefix": "folder/"}, "name", ...]', false)
    .requiredOption('--output <folder>', 'where the .out files go, also s3://; made when it is not there')
    .addOption(choice('--compression <type>', 'how the input files are compressed', ['None', 'Gzip'], 'None'))
    .option('--content-type <type>', 'media type of the requests', 'application/jsonlines')
    .option('--accept <type>', 'media type to ask for (default: that of the requests)')
    .addOption(
      choice(
        '--split-type <type>',
        'how an input is cut into records',
        ['Line', 'None', 'TFRecord', 'RecordIO'],
        'Line',
      ),
    )
    .addOption(choice('--assemble-with <type>', 'what follows every answer', ['Line', 'None'], 'Line'));
}

function addRequestOptions(command: Command): void {
  command
    .addOption(choice('--strategy <name>', 'records in one request', ['MultiRecord', 'SingleRecord'], 'MultiRecord'))
    .option('--max-payload <MB>', 'largest request, 1 to 100; 0 streams (default: the model server says)', megabytes)
    .option('--max-concurrent <n>', 'requests at a time, 1 to 100 (default: the model server says)', requests)
    .option('--instances <n>', 'model servers; each takes whole inputs', instances, 1)
    .option('--timeout <seconds>', 'for one request', seconds, LIMITS.batchInvocationSeconds.value)
    .option('--retries <n>', 'after a 5xx or no answer, 0 to 3', retries, LIMITS.batchInvocationRetries.value)
    .addOption(
      choice('--engine <name>', 'what computes (default: TWINVEC_ENGINE, else auto)', ['auto', 'tensorflow', 'js']),
    )
    .option('--env <NAME=value>', 'a variable of the model server; may be repeated', variable, {});
}

function addRecordOptions(command: Command): void {
  command
    .option('--input-filter <path>', 'JSONPath: what of a record is sent (CSV, JSON, JSON Lines)')
    .option('--output-filter <path>', 'JSONPath: what of an answer, or of what is joined, is written')
    .addOption(choice('--join <source>', 'write answers with the records they belong to', ['None', 'Input'], 'None'))
    .addOption(choice('--slice-end <rule>', 'whether $[1:4] holds position 4', ['exclusive', 'inclusive'], 'exclusive'))
    .option('--inference-id', 'add an id and the start time to every answer', false)
    .option('--capture <folder>', 'where manifests of inputs and outputs go, by hour');
}

function choice(flags: string, text: string, choices: readonly string[], fallback?: string): Option {
  return new Option(flags, text).choices(choices).default(fallback);
}

function variable(text: string, before: Readonly<Record<string, string>>): Record<string, string> {
  const [, name, value] = /^([A-Za-z_]\w*)=(.*)$/s.exec(text) ?? [];
  if (name === undefined || value === undefined) throw new InvalidArgumentError('Write it as NAME=value.');
  return { ...before, [name]: value };
}

function wholeNumber(text: string, min: number, max: number): number {
  const value = Number(text);
  if (Number.isInteger(value) && value >= min && value <= max) return value;
  throw new InvalidArgumentError(`Give a whole number from ${min} to ${formatCount(max)}.`);
}

function megabytes(text: string): number {
  return wholeNumber(text, 0, LIMITS.batchMaxPayloadMb.value);
}

function requests(text: string): number {
  return wholeNumber(text, 1, LIMITS.batchMaxConcurrency.value);
}

function instances(text: string): number {
  return wholeNumber(text, 1, LIMITS.batchMaxInstances.value);
}

function seconds(text: string): number {
  return wholeNumber(text, 1, 3600);
}

function retries(text: string): number {
  return wholeNumber(text, 0, LIMITS.batchInvocationRetries.value);
}
