/** The validator: reads a transform's input, or a part of it, and reports what would fail. */
import { s3Client } from '../commons/clients.ts';
import { parseEnvironment, parseEvent } from '../commons/environment.ts';
import { once } from '../commons/once.ts';
import { runStep } from '../commons/step.ts';
import { ValidatorEnvironment, ValidatorEvent } from './event.ts';
import { mergeReports } from './merge-reports.ts';
import { planParts, type ValidationPlan } from './plan-parts.ts';
import { asPartReport, type ValidationReport } from './report.ts';
import { validateInput } from './validate-input.ts';

const environment = once(() => parseEnvironment(ValidatorEnvironment, process.env));

export async function handler(event: unknown): Promise<ValidationReport | ValidationPlan> {
  return runStep('validate', async () => act(event), summarise);
}

async function act(event: unknown): Promise<ValidationReport | ValidationPlan> {
  const asked = parseEvent(ValidatorEvent, event);
  const s3 = { client: s3Client(), owner: environment().BUCKET_OWNER };
  switch (asked.action) {
    case 'validate':
      return asked.part ? asPartReport(await validateInput(s3, asked)) : validateInput(s3, asked);
    case 'plan':
      return planParts(s3, asked);
    case 'merge':
      return mergeReports(asked.reports, asked.maxBadRecords);
  }
}

function summarise(result: ValidationReport | ValidationPlan): Record<string, unknown> {
  if ('parts' in result) return { objects: result.objects, bytes: result.bytes, parts: result.parts.length };
  const { problems: _, ...counts } = result;
  return counts;
}
