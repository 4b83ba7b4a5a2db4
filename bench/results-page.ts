/** What the pages in bench/results have in common: the machine that measured, and tables. */
import { availableParallelism, cpus, totalmem } from 'node:os';
import { formatBytes } from '#core/terminal/format.ts';

export function describeMachine(): string {
  const [cpu] = cpus();
  const model = cpu?.model.trim() ?? 'unknown processor';
  return `${new Date().toISOString().slice(0, 10)}, Node ${process.versions.node}, ${availableParallelism()} cores (${model}), ${formatBytes(totalmem())}.`;
}

/** @param rows the head first */
export function markdownTable(rows: readonly (readonly string[])[]): string {
  const [head = [], ...body] = rows;
  const lines = [head, head.map(() => '---'), ...body].map((cells) => `| ${cells.join(' | ')} |`);
  return `${lines.join('\n')}\n`;
}

/** The cells of the page's table, the head first; nothing when it has none. */
export function readMarkdownTable(page: string): string[][] {
  const rows = page.split('\n').filter((line) => line.startsWith('| '));
  return rows.filter((line) => !line.startsWith('| ---')).map((line) => line.slice(2, -2).split(' | '));
}
