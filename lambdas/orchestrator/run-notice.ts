/**
 * What a person is told of a run that failed: which job, where it stopped and why, what was counted, the files, the next
 * step, and links. Text for a mail, without anything that a record or an answer said.
 */
import { ERRORS, type ErrorCode } from '#core/errors.ts';
import type { TransformPlan } from '#core/jobs/plan-transform.ts';
import { locate } from '#core/jobs/s3-address.ts';
import { type ConsoleLinks, consoleLinks } from './console-links.ts';
import type { Outcome } from './outcome.ts';

export interface RunNotice {
  /** For SNS: printable ASCII, at most 99 characters. */
  readonly subject: string;
  readonly message: string;
}

interface Findings {
  readonly reason: string;
  /** What was counted, and the first of what is wrong. */
  readonly details: readonly string[];
  readonly next: string;
  readonly links: readonly string[];
}

const SUBJECT_LIMIT = 99;
const LINES_SHOWN = 20;
const REASON_LIMIT = 1024;

export function writeNotice(plan: TransformPlan, outcome: Outcome, executionArn: string): RunNotice {
  const links = consoleLinks(executionArn);
  const { reason, details, next, links: more } = findingsOf(plan, outcome, links);
  const lines = [
    `The batch run ${plan.runName} failed in ${outcome.state}.`,
    '',
    `Scheduled  ${plan.scheduledTime}`,
    `Model      ${plan.request.ModelName}`,
    `Input      ${plan.inputS3Uri}`,
    ...(plan.inputManifestS3Uri === undefined ? [] : [`           what ${plan.inputManifestS3Uri} names of it`]),
    `Output     ${plan.request.TransformOutput.S3OutputPath}`,
    `Reason     ${oneLine(reason).slice(0, REASON_LIMIT)}`,
    ...(details.length === 0 ? [] : ['', ...details]),
    '',
    `Next: ${next}`,
    '',
    `Run        ${links.run}`,
    ...more,
  ];
  const subject = `Twinvec: ${outcome.state}: ${plan.runName}`;
  return { subject: oneLine(subject).slice(0, SUBJECT_LIMIT), message: `${lines.join('\n')}\n` };
}

function findingsOf(plan: TransformPlan, outcome: Outcome, links: ConsoleLinks): Findings {
  switch (outcome.state) {
    case 'InputRejected':
      return rejected(outcome);
    case 'StepFailed':
      return stepFailed(outcome);
    default:
      return jobFailed(plan, outcome, links);
  }
}

function rejected({ report }: Extract<Outcome, { state: 'InputRejected' }>): Findings {
  const { objects, records, badRecords, fatalProblems, problems } = report;
  const places = problems.map(({ object, line, byteOffset, code }) => {
    const place = [line && `line ${line}`, byteOffset !== undefined && `byte ${byteOffset}`].filter(Boolean).join(', ');
    return `  ${oneLine(object)}${place && ` (${place})`}: ${code}. ${summaryOf(code)}`;
  });
  return {
    reason: `The input has ${counted(badRecords, 'bad record')} and ${counted(fatalProblems, 'fault')} of whole objects.`,
    details: [
      `Checked ${counted(records, 'record')} of ${counted(objects, 'object')}. No GPU was started.`,
      ...firstOf(places, badRecords + fatalProblems),
    ],
    next: 'mend or remove what is named above, or raise maxBadRecords, and start the run again with the same input.',
    links: [],
  };
}

function stepFailed({ error, cause }: Extract<Outcome, { state: 'StepFailed' }>): Findings {
  const code = isErrorCode(error) ? `${summaryOf(error)} ` : '';
  return {
    reason: `${error}: ${messageOf(cause)}`,
    details: [],
    next: `${code}When that is mended, start the run again with the same input: what is done is not done twice.`,
    links: [],
  };
}

const NEXT_OF = {
  TransformFailed:
    'read the log of the job in /aws/sagemaker/TransformJobs for the cause, mend it, and start a run with another scheduledTime: a job that has ended keeps its name.',
  RecordsLost:
    'the manifest has the counts of every file; a placeholder in an output has the index and the code of its record. Then start a run with another scheduledTime.',
  InputChanged:
    'start a run with another scheduledTime when nothing writes to the input any more; outputs of this one may be of old objects.',
} as const;

function jobFailed(
  plan: TransformPlan,
  { state, result }: Extract<Outcome, { state: keyof typeof NEXT_OF }>,
  links: ConsoleLinks,
): Findings {
  const { status, failureReason, files, recordsIn, recordsOut, placeholders, mismatchedFiles, mismatches } = result;
  const places = mismatches.map(({ input, recordsIn: given, recordsOut: got }) => {
    return `  ${oneLine(input)}: ${given} records in, ${got === undefined ? 'no output' : `${got} out`}`;
  });
  const reasons = {
    TransformFailed: `The job is ${status}. ${failureReason}`,
    RecordsLost: `${mismatchedFiles} of ${counted(files, 'file')} with lost records, ${counted(placeholders, 'placeholder')} in the output.`,
    InputChanged: 'Objects of the input were added, removed or overwritten while the run went on.',
  };
  const again = plan.attempt === 0 ? '' : ` after ${counted(plan.attempt, 'more attempt')} at failed files`;
  return {
    reason: reasons[state],
    details: [
      `${counted(recordsIn, 'record')} in, ${recordsOut} out, ${counted(placeholders, 'placeholder')}; ${mismatchedFiles} of ${counted(files, 'file')} failed${again}.`,
      ...firstOf(places, mismatchedFiles),
    ],
    next: NEXT_OF[state],
    links: [
      `Job        ${links.transformJob(plan.jobName)}`,
      `Manifest   ${result.manifestS3Uri}`,
      `           ${links.object(locate(result.manifestS3Uri))}`,
    ],
  };
}

function firstOf(lines: readonly string[], total: number): string[] {
  const shown = lines.slice(0, LINES_SHOWN);
  const rest = total - shown.length;
  return rest > 0 ? [...shown, `  and ${rest} more`] : shown;
}

function counted(count: number, thing: string): string {
  return `${count} ${thing}${count === 1 ? '' : 's'}`;
}

/** Step Functions gives what a Lambda threw as JSON, of a part without its end; its own failures as text. */
function messageOf(cause: string): string {
  const [quoted] = /(?<=^\{.*"errorMessage":\s*)"(?:[^"\\]|\\.)*"/s.exec(cause) ?? [];
  try {
    return quoted === undefined ? cause : JSON.parse(quoted);
  } catch {
    // Not what Lambda writes.
    return cause;
  }
}

function summaryOf(code: string): string {
  return isErrorCode(code) ? ERRORS[code].summary : '';
}

function isErrorCode(code: string): code is ErrorCode {
  return Object.hasOwn(ERRORS, code);
}

/** Nothing that would end the line, and so write a line of its own into the text. */
function oneLine(text: string): string {
  return text.replace(/[\p{Cc}\u2028\u2029]+/gu, ' ').trimEnd();
}
