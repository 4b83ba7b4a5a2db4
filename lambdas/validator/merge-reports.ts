/** The reports of an input's parts as one. */
import { ReportBuilder, type ValidationReport } from './report.ts';

export function mergeReports(reports: readonly ValidationReport[], maxBadRecords: number): ValidationReport {
  const whole = new ReportBuilder();
  for (const report of reports) whole.add(report);
  if (reports.every(({ objects }) => objects === 0)) return reports[0]!;
  return whole.build(maxBadRecords);
}
