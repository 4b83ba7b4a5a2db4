/** The end of `twinvec transform`: a table of what was done, then every input and line that needs a person. */
import { formatBytes, formatCount, formatDuration } from '#core/terminal/format.ts';
import { formatTable } from '#core/terminal/table.ts';
import type { TransformReport } from '../../local/transform/report.ts';

/** More lines than this say nothing new; the outputs hold them all. */
const SHOWN = 10;

export function transformSummary(report: TransformReport, seconds: number): string {
  const rate = seconds > 0 ? Math.round(report.recordsOut / seconds) : 0;
  const written = report.objects - report.failures.length;
  const table = formatTable([
    ['transform', ''],
    ['inputs', formatCount(report.objects)],
    ['outputs', formatCount(written)],
    ['records in', formatCount(report.recordsIn)],
    ['records out', formatCount(report.recordsOut)],
    ['records that became {"error":...}', formatCount(report.placeholders)],
    ['requests tried again', formatCount(report.retries)],
    ['read', formatBytes(report.bytesIn)],
    ['written', formatBytes(report.bytesOut)],
    ['time', formatDuration(seconds)],
    ['records/s', formatCount(rate)],
  ]);
  return [table, stopped(report), failures(report), placeholders(report)].filter(Boolean).join('\n');
}

/** The same for a script, with every input without output and the places of the first 1,000 bad records. */
export function transformJson(report: TransformReport, seconds: number): string {
  const { listedPlaceholders, ...figures } = report;
  const outputs = report.objects - report.failures.length;
  return `${JSON.stringify({ ...figures, outputs, seconds: Number(seconds.toFixed(3)), listedPlaceholders })}\n`;
}

function stopped(report: TransformReport): string {
  return report.stopped ? 'Stopped before the end; the outputs above are whole.\n' : '';
}

function failures(report: TransformReport): string {
  if (report.failures.length === 0) return '';
  const lines = report.failures.slice(0, SHOWN).map(({ object, cause }) => `  ${object}: ${cause}`);
  return `Inputs without output:\n${lines.join('\n')}\n${more(report.failures.length)}`;
}

function placeholders(report: TransformReport): string {
  if (report.placeholders === 0) return '';
  const place = report.settings.splitType === 'Line' ? 'line' : 'record';
  const lines = report.listedPlaceholders
    .slice(0, SHOWN)
    .map(({ object, line, text }) => `  ${object} ${place} ${line}: ${text}`);
  return `Records that the model could not use:\n${lines.join('\n')}\n${more(report.placeholders)}`;
}

function more(count: number): string {
  return count > SHOWN ? `  ... and ${formatCount(count - SHOWN)} more\n` : '';
}
