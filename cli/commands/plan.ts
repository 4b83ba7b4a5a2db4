/** `twinvec plan`: instances, hours and dollars of a batch transform, from a rate that was measured. */
import { Command, InvalidArgumentError, Option } from 'commander';
import { DOLLARS_PER_HOUR, PRICES_OF, PRICES_REGION } from '#core/cost/instance-prices.ts';
import { LIMITS, mebibytes } from '#core/limits.ts';
import { formatCount } from '#core/terminal/format.ts';
import { instanceNumbers, parseDuration } from '../plan/arguments.ts';
import { type PlanSettings, planTransform } from '../plan/plan-transform.ts';
import { planJson, planTable } from '../plan/report.ts';
import { EXIT_CODES } from './transform-run.ts';

interface PlanOptions extends PlanSettings {
  readonly json: boolean;
}

const EXAMPLES = `
A rate is what one instance of the type did, in records a second: the last line of a twinvec transform on it, or records of
a finished job divided by its seconds. Nothing is assumed about types that you have not measured.
Prices are those of ${PRICES_REGION} on ${PRICES_OF} for ${Object.keys(DOLLARS_PER_HOUR).length} types (docs/cost.md); --price sets another, or one of another type.

Examples:
  Fifty million pairs of 400 bytes, to be done in four hours, on the cheaper of two types:
    twinvec plan --records 50000000 --record-bytes 400 --deadline 4h --rate ml.g5.xlarge=9000 ml.c5.2xlarge=2500

  Another region's price, and a start that was measured:
    twinvec plan --records 2000000 --record-bytes 72000 --deadline 90min --start 6min \\
      --rate ml.g4dn.xlarge=160 --price ml.g4dn.xlarge=0.92

  For scripts:
    twinvec plan --records 1000000 --record-bytes 400 --deadline 1h --rate ml.c5.xlarge=1200 --json
`;

export function planCommand(): Command {
  return new Command('plan')
    .description('Say how many instances a batch transform needs to end in time, and what they cost.')
    .addOption(new Option('--records <n>', 'records of all inputs').argParser(records).makeOptionMandatory())
    .addOption(
      new Option('--record-bytes <n>', 'bytes of one record, on average').argParser(recordBytes).makeOptionMandatory(),
    )
    .addOption(
      new Option('--deadline <time>', 'from start to end, as 90min, 4h or 1.5h')
        .argParser(duration)
        .makeOptionMandatory(),
    )
    .addOption(
      new Option('--rate <type=records/s...>', 'what one instance was measured to do')
        .argParser(instanceNumbers)
        .makeOptionMandatory(),
    )
    .addOption(
      new Option('--start <time>', 'until the first record is sent: instance, image, model')
        .argParser(duration)
        .default(600, '10min'),
    )
    .addOption(
      new Option('--price <type=dollars...>', 'dollars an hour, in place of the table')
        .argParser(instanceNumbers)
        .default({}, 'the table'),
    )
    .option('--json', 'the plan as one JSON object', false)
    .addHelpText('after', EXAMPLES)
    .exitOverride((error) => process.exit(error.exitCode === 0 ? EXIT_CODES.done : EXIT_CODES.usage))
    .action((options: PlanOptions) => {
      const plan = planTransform(options);
      process.stdout.write(options.json ? planJson(plan) : planTable(plan));
    });
}

function records(text: string): number {
  return wholeNumber(text, Number.MAX_SAFE_INTEGER);
}

/** A record travels in one request. */
function recordBytes(text: string): number {
  return wholeNumber(text, mebibytes(LIMITS.batchMaxPayloadMb.value));
}

function wholeNumber(text: string, max: number): number {
  const value = Number(text);
  if (/^\d+$/.test(text) && value >= 1 && value <= max) return value;
  throw new InvalidArgumentError(`Give a whole number from 1 to ${formatCount(max)}.`);
}

function duration(text: string): number {
  const seconds = parseDuration(text);
  if (seconds !== undefined) return seconds;
  throw new InvalidArgumentError('Write a time above 0 as 600s, 90min, 4h or 1.5h.');
}
