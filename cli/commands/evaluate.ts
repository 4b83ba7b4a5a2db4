/** `twinvec evaluate`: how good a model is on labelled records, through the server that would serve it. */
import { Command, InvalidArgumentError, Option } from 'commander';
import { TwinvecError } from '#core/errors.ts';
import { formatCount } from '#core/terminal/format.ts';
import { evaluationReport } from '../evaluate/report.ts';
import { type EvaluateSettings, evaluate } from '../evaluate/run.ts';
import { EXIT_CODES } from './transform-run.ts';

interface EvaluateOptions extends EvaluateSettings {
  readonly json?: boolean;
}

const EXAMPLES = `
Records are JSON Lines as for training: {"label":1,"in0":[6,17],"in1":[16,21]}

Examples:
  Accuracy, cross-entropy, precision, recall and F1 of classes; or errors and correlations of numbers:
    twinvec evaluate --model model --input test.jsonl

  How high each positive's in1 ranks for its in0 among every in1 of the file:
    twinvec evaluate --model model --input test.jsonl --rank cosine

  AWS's document-embedding protocol: one encoder for both sides, 10,000 candidates and the right one:
    twinvec evaluate --model model --input test.jsonl --rank cosine --encoder in0 \\
      --candidates pool.jsonl --only-candidates

  For scripts:
    twinvec evaluate --model model.tar.gz --input test/ --json

Exit codes:
  ${EXIT_CODES.done}  every record was evaluated
  ${EXIT_CODES.failed}  the evaluation could not run
  ${EXIT_CODES.usage}  the command line, or what it names, is wrong
  ${EXIT_CODES.placeholders}  some records cannot be used; the figures are those of the others
`;

export function evaluateCommand(): Command {
  return new Command('evaluate')
    .description('Measure a model on labelled records: metrics of its scores, and ranking quality.')
    .requiredOption('--model <path>', 'model folder, or model.tar.gz')
    .requiredOption('--input <path>', 'labelled JSON Lines: file, or folder with its sub-folders; gzip is opened')
    .addOption(new Option('--rank <how>', 'rank the in1 of positives').choices(['cosine', 'dot', 'score']))
    .option('--candidates <path>', 'JSON Lines with further candidates as in1')
    .option('--only-candidates', 'rank among those and the right one alone')
    .addOption(
      new Option('--encoder <input>', 'encoder of the candidates: that of in1, or that of in0 as for queries')
        .choices(['in0', 'in1'])
        .default('in1'),
    )
    .addOption(new Option('--positive <label>', 'labels from here on are positives').argParser(label).default(1))
    .addOption(
      new Option('--engine <name>', 'what computes (default: TWINVEC_ENGINE, else auto)').choices([
        'auto',
        'tensorflow',
        'js',
      ]),
    )
    .option('--json', 'print one JSON object instead of tables')
    .addHelpText('after', EXAMPLES)
    .exitOverride((error) => process.exit(error.exitCode === 0 ? EXIT_CODES.done : EXIT_CODES.usage))
    .action(run);
}

async function run({ json, ...settings }: EvaluateOptions): Promise<void> {
  refuseUnusedOptions(settings);
  const interrupted = new AbortController();
  const interrupt = (): void => interrupted.abort(new TwinvecError('Draining', 'interrupted'));
  process.once('SIGINT', interrupt).once('SIGTERM', interrupt);
  const evaluation = await evaluate(settings, process.stderr, interrupted.signal);
  const { bad } = evaluation;
  process.stdout.write(json ? `${JSON.stringify(evaluation)}\n` : evaluationReport(evaluation));
  if (bad.count === 0) return;
  const lines = bad.listed.map(({ place, reason }) => `  ${place} ${reason}\n`);
  const more = bad.count > bad.listed.length ? `  ... and ${formatCount(bad.count - bad.listed.length)} more\n` : '';
  process.stderr.write(`\nRecords that cannot be used:\n${lines.join('')}${more}`);
  process.exitCode = EXIT_CODES.placeholders;
}

function refuseUnusedOptions({ rank, candidates, onlyCandidates, encoder }: EvaluateSettings): void {
  const problem =
    rank === undefined && candidates !== undefined
      ? '--candidates needs --rank'
      : onlyCandidates && candidates === undefined
        ? '--only-candidates needs --candidates'
        : encoder === 'in0' && (rank === undefined || rank === 'score')
          ? '--encoder in0 needs --rank cosine or dot'
          : undefined;
  if (problem) throw new TwinvecError('InvalidConfiguration', `${problem}.`);
}

function label(text: string): number {
  const value = Number(text);
  if (text.trim() !== '' && Number.isFinite(value)) return value;
  throw new InvalidArgumentError('Give a number.');
}
