/** The page that a browser gets at the service's own address: endpoints and jobs, and where on the disk their files are. */
import path from 'node:path';
import { parseS3Uri } from '#core/sagemaker/s3-uri.ts';
import type { Overview, OverviewRow } from './overview.ts';

export interface PageFacts {
  /** Of the local service. */
  readonly url: string;
  /** Its folder. */
  readonly dir: string;
  readonly overviews: readonly Overview[];
}

const REFRESH_SECONDS = 5;

const STYLE = `
body { font: 14px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 70rem; padding: 0 1rem; color: #1a1a1a; background: #fff }
h1 { font-size: 1.4rem } h2 { font-size: 1.1rem; margin-top: 2rem }
table { border-collapse: collapse; width: 100% }
th, td { text-align: left; vertical-align: top; padding: .35rem .75rem .35rem 0; border-bottom: 1px solid #ddd }
code { font: 12px/1.5 ui-monospace, monospace; overflow-wrap: anywhere }
.bad { color: #a40000 } .good { color: #00691f }
@media (prefers-color-scheme: dark) {
  body { color: #e6e6e6; background: #16181c } th, td { border-color: #3a3d44 } .bad { color: #ff8f8f } .good { color: #7fd99a }
}`;

const BAD = /Failed/;
const GOOD = /^(InService|Completed)$/;

export function renderPage({ url, dir, overviews }: PageFacts): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<meta http-equiv="refresh" content="${REFRESH_SECONDS}">
<title>Local SageMaker and S3</title>
<style>${STYLE}</style>
</head>
<body>
<h1>Local SageMaker and S3</h1>
<p>Clients find it with <code>AWS_ENDPOINT_URL=${escaped(url)}</code>. Objects are files below <code>${escaped(path.join(dir, 's3'))}</code>.</p>
${overviews.map((overview) => section(overview, dir)).join('\n')}
</body>
</html>
`;
}

function section({ title, rows }: Overview, dir: string): string {
  if (rows.length === 0) return `<h2>${escaped(title)}</h2>\n<p>None.</p>`;
  const head = '<tr><th>Name</th><th>Status</th><th>Changed</th><th>Files</th></tr>';
  return `<h2>${escaped(title)}</h2>
<table>
<thead>${head}</thead>
<tbody>
${rows.map((row) => tableRow(row, dir)).join('\n')}
</tbody>
</table>`;
}

function tableRow({ name, region, status, failureReason, about, modifiedAt, logs, output }: OverviewRow, dir: string) {
  const looks = BAD.test(status) ? ' class="bad"' : GOOD.test(status) ? ' class="good"' : '';
  const reason = failureReason === undefined ? '' : `<br><span class="bad">${escaped(failureReason)}</span>`;
  const files = [`logs <code>${escaped(path.join(dir, 'logs', logs))}</code>`];
  if (output !== undefined) files.push(`output <code>${escaped(fileOf(output, dir))}</code>`);
  return `<tr><td><strong>${escaped(name)}</strong><br>${escaped(region)}, ${escaped(about)}</td><td><span${looks}>${escaped(status)}</span>${reason}</td><td>${modifiedAt.toISOString()}</td><td>${files.join('<br>')}</td></tr>`;
}

/** Where the object store keeps what is at an address; the address itself where it is none of S3. */
function fileOf(address: string, dir: string): string {
  const uri = parseS3Uri(address);
  return uri ? path.join(dir, 's3', uri.bucket, uri.key) : address;
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

function escaped(text: string): string {
  return text.replace(/[&<>"']/g, (character) => ENTITIES[character]!);
}
